"""Programs that open every link of a mail before its reader does change nothing."""

import re
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone

from newsletter.delivery import send_due
from subscribers.changing_address import ask_to_change
from subscribers.models import AddressChange, Letter
from tests.factories import make_delivery, make_edition, make_paper, make_reader
from tests.letters import links_in, read_mail, text_of
from tests.snapshots import rows
from tests.subscribers.asking import DAY, MINUTE, ask, write
from tests.subscribers.asking import send_due as send_letters

pytestmark = pytest.mark.django_db


def links_of(mail: Path) -> set[str]:
    letter = read_mail(mail.read_bytes())
    in_html = re.findall(r'(?:href|src)="(https?://[^"]+)"', text_of(letter, "html"))
    header = re.findall(r"<(https?://[^>]+)>", str(letter["List-Unsubscribe"] or ""))
    return {*links_in(letter), *map(unescape, in_html), *header}


def our_paths(links: set[str]) -> set[str]:
    return {urlsplit(link).path for link in links if link.startswith(django_settings.SITE_URL)}


def send_one_of_each(outbox: Path) -> set[Path]:
    """Send every letter there is, and a digest, just now, since their links expire; return the files."""
    at = timezone.now()
    reader = make_reader(email="active@example.org")
    ask("new@example.org", at=at)
    ask("active@example.org", at=at)
    ask_to_change(reader, "other@example.org", at)
    for kind in ("address_changed", "welcome", "nothing_new"):
        write(kind, make_reader(hears_of_quiet_days=True), at=at)
    write("goodbye", make_reader(status="unsubscribed"), at=at)
    assert send_letters(at) == len(Letter.Kind)
    paper = make_paper()
    make_delivery(make_edition(paper, day=at.date() - DAY), reader, paper, due_at=at)
    assert send_due(lambda: at, until=at + MINUTE)["accepted"] == 1
    return set(outbox.glob("*.eml"))


def test_whoever_opens_every_link_of_every_mail_changes_nothing(outbox: Path) -> None:
    mails = send_one_of_each(outbox)
    paths = set().union(*(our_paths(links_of(mail)) for mail in mails))
    pages = {path.split("/")[1] for path in paths}
    assert {"confirm", "preferences", "saved", "interests", "say", "u", "new-address", "digest", "papers"} <= pages
    before = rows()
    scanner = Client()
    for path in paths:
        for method in (scanner.get, scanner.head):
            response = method(path)
            assert response.status_code == 200, path
            assert not response.cookies
    assert rows() == before
    assert AddressChange.objects.exists()
