"""Takes all pictures, on a database and a server of its own."""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.test.runner import DiscoverRunner
from django.test.utils import override_settings
from pytest_django.live_server_helper import LiveServer

from tests.browser.chromium import open_chromium
from tests.every_mail import AS_ON_A_SERVER, demo_digests, hard_digests, letters
from tests.gallery.index import write_index
from tests.gallery.pages import visits
from tests.gallery.pictures import Exhibit, show_mails, show_pages
from tests.journey import ROOT

FOLDER = ROOT / "var" / "gallery"
SITE = AS_ON_A_SERVER | {
    "EMAIL_BACKEND": "mail.backends.OutboxBackend",
    # The edition of the demo is news, whatever the date is.
    "NEWSLETTER_EDITION_MAX_AGE": timedelta(days=36_500),
}


def show_everything(word: str) -> int:
    """Show in var/gallery what has `word` in its name; print where, and return how many have something wrong."""
    # Some pages are broken on purpose.
    logging.disable()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with _own_database(), override_settings(**SITE):
        groups = _show(word)
    index = write_index(FOLDER, groups)
    exhibits = [exhibit for group in groups.values() for exhibit in group]
    for exhibit in exhibits:
        for wrong in exhibit.wrong:
            print(f"{exhibit.name}: {wrong}")  # noqa: T201
    print(f"{sum(len(exhibit.pictures) for exhibit in exhibits)} pictures: {index}")  # noqa: T201
    return sum(bool(exhibit.wrong) for exhibit in exhibits)


def _show(word: str) -> dict[str, list[Exhibit]]:
    """Take the pictures, and return what they show by group."""
    # The demo comes last: its edition is of the day of the hard ones, and its readers have letters to come.
    hard, usual = hard_digests(), [*letters(), *demo_digests()]
    with open_chromium() as browser, _serving() as site:
        groups = {
            "Letters and digests": show_mails(browser, FOLDER, [mail for mail in usual if word in mail.name]),
            "Hard editions": show_mails(browser, FOLDER, [mail for mail in hard if word in mail.name]),
            "Pages": show_pages(browser, FOLDER, {name: visit for name, visit in visits(site).items() if word in name}),
        }
        return {group: list(exhibits) for group, exhibits in groups.items()}


@contextmanager
def _own_database() -> Iterator[None]:
    """An empty database, and no mail that leaves."""
    # A file, so that each thread of the server has a connection to close; one to memory is shared by all.
    connection.settings_dict["TEST"]["NAME"] = str(settings.VAR_DIR / "gallery.sqlite3")
    runner = DiscoverRunner(verbosity=0, interactive=False)
    runner.setup_test_environment()
    databases = runner.setup_databases()
    yield
    runner.teardown_databases(databases)


@contextmanager
def _serving() -> Iterator[str]:
    """A server that shows what is in the database, and where it is."""
    server = LiveServer("127.0.0.1")
    with override_settings(
        SITE_URL=server.url, ALLOWED_HOSTS=["127.0.0.1", "localhost"], ROOT_URLCONF="tests.gallery.pages"
    ):
        yield server.url
    server.stop()
