"""The whole way once, on the sample catalogue, with three made-up readers: import, sign up, close, deliver."""

import email.policy
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.parser import BytesParser
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import Max

from newsletter.audience import welcome_late_readers
from newsletter.delivery import send_due
from newsletter.editions import close_edition, days_to_publish, ensure_edition
from newsletter.models import Delivery, Edition
from papers.ingest import run_source
from papers.models import Paper, SourceRun, Topic
from papers.scoring import score_due
from papers.sources import sample
from subscribers.emails import send_due_letters
from subscribers.models import Subscriber
from subscribers.optin import answer_sign_ups, ask, confirm
from subscribers.preferences import save_preferences

T = TypeVar("T")


class DemoFailed(Exception):
    """The demo cannot go on; the message says why."""


@dataclass(frozen=True)
class DemoReader:
    """A made-up reader: what they want, and where they are."""

    address: str
    topics: tuple[str, ...]
    interests: str
    time_zone: str


READERS = {
    "Ada": DemoReader("ada@example.org", ("agents", "code"), "software engineering, terminal", "Europe/London"),
    "Bhaskara": DemoReader("bhaskara@example.org", ("video", "3d-and-world-models"), "diffusion", "Asia/Kolkata"),
    "Cecilia": DemoReader("cecilia@example.org", ("safety", "robotics"), "memory, privacy", "America/Los_Angeles"),
}


def run_demo(at: datetime) -> dict[str, Any]:
    """Run the demo at `at` and return its summary, as JSON can hold it; run again, it delivers nothing twice.

    Raises DemoFailed.
    """
    if not settings.EMAIL_BACKEND.endswith("OutboxBackend"):
        raise DemoFailed("The demo writes mail to files; unset EMAIL_URL and ANYMAIL_PROVIDER to run it.")
    seconds: dict[str, float] = {}
    _timed(seconds, "import", lambda: _import_sample(at))
    _timed(seconds, "score", lambda: _score(at))
    _timed(seconds, "sign up", lambda: _sign_up_readers(at))
    edition = _timed(seconds, "close", lambda: _close_edition(at))
    delivered = _timed(seconds, "deliver", lambda: _deliver(edition)) if edition else 0
    return {
        "edition": str(edition) if edition else None,
        "delivered": delivered,
        "why_nothing": "" if delivered else _why_nothing(edition),
        "readers": [_story(name, reader, edition) for name, reader in READERS.items()],
        "seconds": {step: round(spent, 3) for step, spent in seconds.items()},
    }


def _timed(seconds: dict[str, float], step: str, action: Callable[[], T]) -> T:
    started = time.perf_counter()
    result = action()
    seconds[step] = time.perf_counter() - started
    return result


def _import_sample(at: datetime) -> None:
    run = run_source(sample.NAME, at)
    if run.status != SourceRun.Status.READ:
        raise DemoFailed(f"The sample catalogue cannot be read: {run.detail}")


def _score(at: datetime) -> None:
    while score_due(at):
        pass


def _sign_up_readers(at: datetime) -> None:
    for reader in READERS.values():
        _sign_up(reader, at)


def _sign_up(demo: DemoReader, at: datetime) -> None:
    """Sign a reader up as the form does, and confirm with the link of the mail; a reader who is active stays so."""
    if Subscriber.objects.active().with_address(demo.address).exists():
        return
    ask(demo.address, source="demo", at=at)
    answer_sign_ups(at)
    reader = Subscriber.objects.with_address(demo.address).first()
    if reader is None:
        raise DemoFailed("The address of a demo reader is suppressed.")
    # Sent now, or by another process, or by an earlier run that was interrupted.
    send_due_letters(lambda: at, until=at + timedelta(minutes=1))
    mails = sorted(Path(settings.MAIL_OUTBOX_DIR).glob(f"confirmation-{reader.pk}-*.eml"), key=_modified)
    if not mails:
        raise DemoFailed("A demo reader has no confirmation mail: it was sent within a day and removed.")
    confirm(_confirmation_token(mails[-1]), at)
    reader.refresh_from_db()
    reader.interests, reader.time_zone = demo.interests, demo.time_zone
    save_preferences(reader, Topic.objects.filter(slug__in=demo.topics), at)


def _modified(path: Path) -> float:
    return path.stat().st_mtime


def _confirmation_token(mail: Path) -> str:
    message = BytesParser(policy=email.policy.default).parsebytes(mail.read_bytes())
    text = message.get_body(("plain",))
    found = re.search(r"/confirm/(\S+)", text.get_content() if text else "")
    if not found:
        raise DemoFailed(f"{mail.name} has no confirmation link.")
    return found.group(1)


def _close_edition(at: datetime) -> Edition | None:
    """Close the newest edition ahead of its time, as an editor may; who confirmed later than it closed gets it too."""
    for day in days_to_publish(at)[-1:]:
        edition = ensure_edition(day)
        if edition:
            close_edition(edition.pk, at)
    welcome_late_readers(at)
    return Edition.objects.current(at)


def _deliver(edition: Edition) -> int:
    """Send the edition hour by hour, as if each reader's had come; return how many deliveries were accepted."""
    hours = Delivery.objects.queued().filter(edition=edition).order_by("due_at").values_list("due_at", flat=True)
    return sum(_send_as_of(hour) for hour in list(hours.distinct()))


def _send_as_of(hour: datetime) -> int:
    return send_due(lambda: hour, until=hour + timedelta(seconds=1))[Delivery.Status.ACCEPTED]


def _why_nothing(edition: Edition | None) -> str:
    latest = Paper.objects.visible().aggregate(day=Max("listed_on"))["day"]
    if edition is None:
        return f"There is no current edition: the newest papers were listed on {latest}."
    return f"Everybody has edition {edition} already, and no papers were listed after {latest}."


def _story(name: str, demo: DemoReader, edition: Edition | None) -> dict[str, Any]:
    delivery = (
        Delivery.objects.filter(edition=edition, subscriber__email__iexact=demo.address).first() if edition else None
    )
    picks = delivery.picks if delivery else []
    titles = dict(Paper.objects.filter(pk__in=[pick["paper_id"] for pick in picks]).values_list("pk", "title"))
    return {
        "name": name,
        "wants": {"topics": demo.topics, "interests": demo.interests},
        "status": delivery.status if delivery else None,
        "files": [f"{delivery.pk}.eml", f"{delivery.pk}.html"] if delivery else [],
        "picks": [
            {"title": titles[pick["paper_id"]], "score": pick["score"], "reason": pick["reason"]} for pick in picks
        ],
    }
