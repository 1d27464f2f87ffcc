"""A real Chromium on a real server that shows the sample catalogue."""

from collections.abc import Iterator

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from newsletter.editions import close_edition, ensure_edition
from newsletter.models import Edition
from papers.ingest import run_source
from papers.scoring import score_due
from tests.browser.chromium import open_chromium
from tests.factories import NOW, TODAY

# A busy machine is no reason to fail.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with open_chromium() as browser:
        yield browser


@pytest.fixture
def site(live_server: LiveServer, settings: Settings) -> str:
    """The address of a server that shows the sample catalogue, ten days of scores and a closed edition."""
    settings.SITE_URL = str(live_server.url)
    run_source("sample", NOW)
    while score_due(NOW):
        pass
    edition = ensure_edition(TODAY)
    assert edition
    close_edition(edition.pk, NOW)
    # Pages look at the clock, and what is days old is no news.
    Edition.objects.update(closing_at=timezone.now())
    return str(live_server.url)
