"""A real Chromium on a real server that shows the sample catalogue. Pictures of every page go to var/screenshots/."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from newsletter.editions import close_edition, ensure_edition
from papers.ingest import run_source
from papers.scoring import score_due
from tests.factories import NOW, TODAY
from tests.journey import ROOT

SCREENSHOTS = ROOT / "var" / "screenshots"
CHROMIUM = os.environ.get("CHROMIUM", "") or shutil.which("chromium") or "/usr/bin/chromium"
# Nothing of it asks anybody outside, and the sandbox of a container is enough of one.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# The driver of the browser runs an event loop in this thread, where Django would refuse to touch the database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


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
    return str(live_server.url)


@pytest.fixture
def screenshots() -> Path:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return SCREENSHOTS
