"""The mails that are judged, as they leave: every hard edition, and every letter about a subscription."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path

from django.db import transaction
from django.test import override_settings

from newsletter.models import Delivery
from papers.models import Paper
from subscribers.changing_address import ask_to_change
from subscribers.emails import send_due_letters
from subscribers.models import Letter, Subscriber
from tests.factories import NOW, make_reader
from tests.hard_editions import NAMES, mail_of, make_hard_edition
from tests.letters import read_mail

SITE = "https://papers.example.org"
# As on a server. An address under localhost is a fault to some judges.
AS_ON_A_SERVER = {
    "SITE_URL": SITE,
    "NEWSLETTER_FROM": "Paper Route <digest@papers.example.org>",
    "SUBSCRIBERS_FROM": "Paper Route <hello@papers.example.org>",
    "REPLY_TO": "editors@papers.example.org",
    "POSTAL_ADDRESS": "1 Printer’s Lane, Papertown",
}
# What the reader is whom a letter goes to, when not active.
OF_STATUS = {"confirmation": Subscriber.Status.PENDING, "goodbye": Subscriber.Status.UNSUBSCRIBED}
# What a letter about a day without a digest says; others say no such thing.
WHY = "It would have been about a Sunday, and papers are listed from Monday to Friday."


@dataclass(frozen=True)
class Mail:
    """One mail, under a name. A digest has papers, and the addresses that these have elsewhere; a letter has none."""

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
        return self.is_digest or self.name == "nothing-new"

    @cached_property
    def read(self) -> EmailMessage:
        return read_mail(self.raw)

    @cached_property
    def html_part(self) -> EmailMessage:
        part = self.read.get_body(("html",))
        assert isinstance(part, EmailMessage)
        return part

    @cached_property
    def html(self) -> str:
        return str(self.html_part.get_content())


def make_mails(outbox: Path) -> list[Mail]:
    """Return all of them; nothing of it stays in the database."""
    with override_settings(**AS_ON_A_SERVER):
        return [*map(_digest, NAMES), *_letters(outbox)]


def _digest(name: str) -> Mail:
    with transaction.atomic():
        delivery = make_hard_edition(name)
        mail = Mail(name, mail_of(delivery).mime_bytes(), len(delivery.picks), _elsewhere(delivery))
        transaction.set_rollback(True)
    return mail


def _elsewhere(delivery: Delivery) -> frozenset[str]:
    """The addresses at arXiv and of their code that the papers of its edition have."""
    papers = Paper.objects.filter(pk__in=delivery.edition.entries.values("paper_id"))
    return frozenset(url for paper in papers for url in (paper.source_url, paper.github_url) if url)


def _letters(outbox: Path) -> list[Mail]:
    """Send one letter of each kind, as files, and read them."""
    with transaction.atomic(), override_settings(EMAIL_BACKEND="mail.backends.OutboxBackend", MAIL_OUTBOX_DIR=outbox):
        for kind in Letter.Kind:
            _ask_for(kind)
        assert send_due_letters(lambda: NOW, until=NOW + timedelta(minutes=1)) == len(Letter.Kind)
        transaction.set_rollback(True)
    return [Mail(path.stem.rsplit("-", 2)[0], path.read_bytes()) for path in sorted(outbox.glob("*.eml"))]


def _ask_for(kind: Letter.Kind) -> None:
    reader = make_reader(status=OF_STATUS.get(kind, Subscriber.Status.ACTIVE), hears_of_quiet_days=True)
    if kind == Letter.Kind.NEW_ADDRESS:
        # Which makes the letter as well.
        ask_to_change(reader, f"other-{reader.email}", NOW)
    else:
        Letter.objects.create(subscriber=reader, kind=kind, address=reader.email, asked_at=NOW, due_at=NOW, why=WHY)
