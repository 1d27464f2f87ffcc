"""Every mail there is, as it leaves: letters, the digests of hard editions, and those of the demo."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from functools import cached_property
from html import unescape
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.db import transaction
from django.test import override_settings

from newsletter.demo import READERS, run_demo
from newsletter.header_note import links_in
from newsletter.models import Delivery
from newsletter.quiet_days import WHY
from papers.absence import Kind
from papers.models import Paper
from subscribers.changing_address import ask_to_change
from subscribers.emails import send_due_letters
from subscribers.models import Letter, Subscriber
from tests.factories import NOW, make_reader
from tests.hard_editions import NAMES, mail_of, make_hard_edition
from tests.letters import read_mail, text_of

SITE = "https://papers.example.org"
# Its address and its name stand in every mail. An address under localhost is a fault to who judges mail.
AS_ON_A_SERVER = {
    "SITE_URL": SITE,
    "NEWSLETTER_FROM": "Paper Route <digest@papers.example.org>",
    "SUBSCRIBERS_FROM": "Paper Route <hello@papers.example.org>",
    "REPLY_TO": "editors@papers.example.org",
    "POSTAL_ADDRESS": "1 Printer’s Lane, Papertown",
}
PREHEADER = re.compile(r"<div[^>]*display:\s*none[^>]*>(.*?)</div>", re.DOTALL)
# What follows a preheader so that mail programs show nothing of the text below.
FILLER = re.compile(r"[\s\u00ad\u034f\u200b-\u200d\u2007\ufeff]+")
# What the reader is whom a letter goes to, when not active.
OF_STATUS = {
    Letter.Kind.CONFIRMATION: Subscriber.Status.PENDING,
    Letter.Kind.GOODBYE: Subscriber.Status.UNSUBSCRIBED,
}
# What a letter says of why it is sent; others say no such thing.
OF_WHY = {Letter.Kind.NOTHING_NEW: WHY[Kind.WEEKEND].format(day="Sunday")}


@dataclass(frozen=True)
class Mail:
    """One mail, under a name. A digest has papers; `elsewhere` are their addresses, and those that editors wrote."""

    name: str
    raw: bytes
    papers: int = 0
    elsewhere: frozenset[str] = frozenset()

    @property
    def is_digest(self) -> bool:
        return self.papers > 0

    @property
    def is_of_list(self) -> bool:
        """Whether it comes again and again, and is left with one click."""
        return self.is_digest or self.name == letter_name(Letter.Kind.NOTHING_NEW)

    @cached_property
    def read(self) -> EmailMessage:
        return read_mail(self.raw)

    @property
    def subject(self) -> str:
        return str(self.read["Subject"])

    @property
    def preheader(self) -> str:
        """What mail programs show beside the subject."""
        found = PREHEADER.search(self.html)
        return FILLER.sub(" ", unescape(found.group(1))).strip() if found else ""

    @cached_property
    def html(self) -> str:
        return text_of(self.read, "html")

    @property
    def text(self) -> str:
        return text_of(self.read)

    @property
    def html_size(self) -> int:
        """Bytes of the HTML part as it is sent, after which some programs clip a mail."""
        part = self.read.get_body(("html",))
        assert part is not None
        return len(str(part.get_payload()).encode())


@contextmanager
def _undone() -> Iterator[None]:
    """What is written to the database meanwhile is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


# --- Letters ----------------------------------------------------------------------------------------------------------


def letter_name(kind: Letter.Kind) -> str:
    return f"letter-{kind.replace('_', '-')}"


def letters() -> list[Mail]:
    """One of each kind, sent to a reader of its own. No other letter may be due."""
    with _undone(), TemporaryDirectory() as folder:
        sent = _send(Path(folder), [_ask_for(kind) for kind in Letter.Kind])
    return [Mail(letter_name(kind), raw) for kind, raw in zip(Letter.Kind, sent, strict=True)]


def _ask_for(kind: Letter.Kind) -> str:
    """Write a letter of this kind, and return whom it goes to."""
    reader = make_reader(status=OF_STATUS.get(kind, Subscriber.Status.ACTIVE), hears_of_quiet_days=True)
    if kind == Letter.Kind.NEW_ADDRESS:
        # Which writes the letter as well.
        ask_to_change(reader, f"other-{reader.email}", NOW)
    else:
        why = OF_WHY.get(kind, "")
        Letter.objects.create(subscriber=reader, kind=kind, address=reader.email, asked_at=NOW, due_at=NOW, why=why)
    return Letter.objects.get(subscriber=reader).address


def _send(outbox: Path, addresses: list[str]) -> list[bytes]:
    """Send the letters that are due as files to `outbox`, and return them in the order of whom they go to."""
    with override_settings(EMAIL_BACKEND="mail.backends.OutboxBackend", MAIL_OUTBOX_DIR=outbox):
        assert send_due_letters(lambda: NOW, until=NOW + timedelta(minutes=1)) == len(addresses)
    files = [path.read_bytes() for path in outbox.glob("*.eml")]
    return sorted(files, key=lambda raw: addresses.index(str(read_mail(raw)["To"])))


# --- Digests ----------------------------------------------------------------------------------------------------------


def hard_name(edition: str) -> str:
    return f"hard-{edition.replace('_', '-')}"


def hard_digests() -> list[Mail]:
    """One of each hard edition. There may be no edition of today."""
    return [hard_digest(edition) for edition in NAMES]


def hard_digest(edition: str) -> Mail:
    with _undone():
        delivery = make_hard_edition(edition)
        return _digest(hard_name(edition), delivery, mail_of(delivery).mime_bytes())


def demo_digests() -> list[Mail]:
    """The digests of the demo, whose papers, readers and edition stay in the database. Mail must go to files."""
    run_demo(NOW)
    return [_demo_digest(name, reader.address) for name, reader in READERS.items()]


def _demo_digest(name: str, address: str) -> Mail:
    delivery = Delivery.objects.get(subscriber__email=address)
    return _digest(f"demo-{name.lower()}", delivery, (settings.MAIL_OUTBOX_DIR / f"{delivery.pk}.eml").read_bytes())


def _digest(name: str, delivery: Delivery, raw: bytes) -> Mail:
    papers = Paper.objects.filter(pk__in=delivery.edition.entries.values("paper_id"))
    elsewhere = {url for paper in papers for url in (paper.source_url, paper.github_url) if url}
    elsewhere.update(links_in(delivery.edition.header_note))
    return Mail(name, raw, len(delivery.picks), frozenset(elsewhere))
