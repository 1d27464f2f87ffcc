"""Every mail there is, as it leaves: the letters, the digests of the demo and those that are hard to set."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from html import unescape
from pathlib import Path

from django.conf import settings
from django.db import transaction

from newsletter.demo import run_demo
from subscribers.emails import send_due_letters
from subscribers.models import AddressChange, Letter
from tests import hard_editions
from tests.factories import NOW, make_reader
from tests.letters import read_mail, text_of

PREHEADER = re.compile(r"<div[^>]*display:\s*none[^>]*>(.*?)</div>", re.DOTALL)
# What follows a preheader so that mail programs show nothing of the text below.
FILLER = re.compile(r"[\s\u00ad\u034f\u200b-\u200d\u2007\ufeff]+")
# Of readers whom a letter finds other than active.
STATUSES = {"confirmation": "pending", "goodbye": "unsubscribed"}
NO_DIGEST = "It would have been about a Sunday, and papers are listed from Monday to Friday."


@dataclass(frozen=True)
class Mail:
    """A message and what it is called here."""

    name: str
    raw: bytes

    @property
    def subject(self) -> str:
        return str(read_mail(self.raw)["Subject"])

    @property
    def preheader(self) -> str:
        """What mail programs show beside the subject."""
        found = PREHEADER.search(self.html)
        return FILLER.sub(" ", unescape(found.group(1))).strip() if found else ""

    @cached_property
    def html(self) -> str:
        return text_of(read_mail(self.raw), "html")

    @property
    def text(self) -> str:
        return text_of(read_mail(self.raw))

    @property
    def html_size(self) -> int:
        """Bytes of the HTML part as it is sent, after which some programs clip a mail."""
        part = read_mail(self.raw).get_body(("html",))
        assert part is not None
        return len(str(part.get_payload()).encode())


@contextmanager
def _undone() -> Iterator[None]:
    """What is written to the database meanwhile is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def letters() -> list[Mail]:
    """One of each kind, sent to a reader of its own. Mail must go to files."""
    with _undone():
        return [_letter(Letter.Kind(kind)) for kind in Letter.Kind]


def _letter(kind: Letter.Kind) -> Mail:
    status = STATUSES.get(kind, "active")
    reader = make_reader(email=f"{kind}@example.org", status=status, hears_of_quiet_days=True)
    AddressChange.objects.create(subscriber=reader, address=f"new-{kind}@example.org", asked_at=NOW)
    address = reader.address_change.address if kind == Letter.Kind.NEW_ADDRESS else reader.email
    why = NO_DIGEST if kind == Letter.Kind.NOTHING_NEW else ""
    Letter.objects.create(subscriber=reader, kind=kind, address=address, asked_at=NOW, due_at=NOW, why=why)
    # With it leaves what the demo's readers still wait for.
    send_due_letters(lambda: NOW, until=NOW + timedelta(seconds=1))
    name = kind.replace("_", "-")
    (file,) = Path(settings.MAIL_OUTBOX_DIR).glob(f"{name}-{reader.pk}-*.eml")
    return Mail(f"letter-{name}", file.read_bytes())


def hard_digests() -> list[Mail]:
    return [_hard_digest(name) for name in hard_editions.NAMES]


def _hard_digest(name: str) -> Mail:
    with _undone():
        return Mail(
            f"hard-{name.replace('_', '-')}", hard_editions.mail_of(hard_editions.make_hard_edition(name)).mime_bytes()
        )


def demo_digests() -> list[Mail]:
    """The digests of the demo, whose papers, readers and edition stay in the database."""
    return [
        Mail(f"demo-{reader['name'].lower()}", (Path(settings.MAIL_OUTBOX_DIR) / reader["files"][0]).read_bytes())
        for reader in run_demo(NOW)["readers"]
    ]
