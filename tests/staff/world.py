"""Readers and all that is kept about them, whose addresses cannot be mistaken for anything else."""

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User

from mail.models import Provider
from newsletter.models import Alert, Delivery, DeliveryEvent, Edition, Heartbeat, RetentionRun
from papers.models import Repository, SourceRun, Topic
from subscribers.models import (
    AddressChange,
    ConsentEvent,
    Feedback,
    ImportBatch,
    Letter,
    SignUp,
    Subscriber,
    Suppression,
    WantedPaper,
)
from tests.factories import NOW, make_delivery, make_edition, make_paper, make_reader
from tests.staff.people import secret_of

# In the address of everybody in this world, and nowhere else.
MARK = "zq-readers.example"
KNOWN, UNKNOWN = f"qwerty@{MARK}", f"asdfgh@{MARK}"
# So long as each other, and the beginning of one of them.
BEGINS_KNOWN, BEGINS_UNKNOWN = "qwert", "asdfg"
# What a reader said about themselves. Papers hold the first two too, but not in small letters.
INTEREST, FOLLOWED, MUTED = "zqinterest", "zq author", "zqmuted"
OWN_WORDS = (INTEREST, FOLLOWED, MUTED)


def people_and_papers() -> Subscriber:
    """Make rows of every kind the admin knows, and what hangs on readers; return the reader at KNOWN."""
    papers = [
        make_paper(title="Paper of the walk"),
        make_paper(title=f"Paper of the walk about {INTEREST.upper()}"),
        make_paper(title="Paper of the walk by one", authors=[FOLLOWED.upper()]),
    ]
    closed, draft = make_edition(*papers), make_edition(*papers, day=NOW.date().replace(day=24), status="draft")
    reader = make_reader(email=KNOWN, interests=INTEREST, muted_words=MUTED, followed_authors=FOLLOWED)
    others = [make_reader(email=f"other{number}@{MARK}", status=status) for number, status in enumerate(STATUSES)]
    reader.topics.add(Topic.objects.order_by("pk")[0])
    for one in [reader, *others]:
        _history_of(one, closed, papers[0].pk)
    SignUp.objects.create(address=f"new@{MARK}", source="form", wording_version="1", asked_at=NOW)
    Suppression.objects.suppress(f"never@{MARK}", Suppression.Reason.MANUAL, NOW)
    ImportBatch.objects.create(provenance="A list on paper", started_at=NOW, created=1)
    _service(draft)
    return reader


STATUSES = [Subscriber.Status.PENDING, Subscriber.Status.UNSUBSCRIBED]


def _history_of(reader: Subscriber, edition: Edition, paper_id: int) -> None:
    ConsentEvent.objects.create(subscriber=reader, kind="confirmed", source="form", wording_version="1", at=NOW)
    Feedback.objects.create(subscriber=reader, paper_id=paper_id, kind=Feedback.Kind.MORE, at=NOW)
    WantedPaper.objects.create(subscriber=reader, arxiv_id="2611.99999", asked_at=NOW)
    AddressChange.objects.create(subscriber=reader, address=f"moved{reader.pk}@{MARK}", asked_at=NOW)
    Letter.objects.create(
        subscriber=reader, kind=Letter.Kind.CONFIRMATION, address=reader.email, asked_at=NOW, due_at=NOW
    )
    picks = [{"paper_id": paper_id, "score": 1.0, "reason": f"matches “{INTEREST}”", "basis": "wished"}]
    delivery = make_delivery(edition, reader, picks=picks, status=Delivery.Status.UNKNOWN, settled_at=NOW)
    DeliveryEvent.objects.create(
        key=f"event-{reader.pk}",
        provider="postmark",
        kind=DeliveryEvent.Kind.BOUNCED,
        received_at=NOW,
        delivery=delivery,
        raw={"Recipient": reader.email},
    )
    somebody, is_new = User.objects.get_or_create(username="somebody", is_staff=True)
    if is_new:
        secret_of(somebody)
    LogEntry.objects.log_actions(somebody.pk, [reader], CHANGE, "Changed.", single_object=True)


def _service(edition: Edition) -> None:
    Alert.objects.create(kind=Alert.Kind.choices[0][0], about="walk", text="Something stands.", raised_at=NOW)
    Heartbeat.objects.update_or_create(queue="editions", defaults={"beat_at": NOW})
    RetentionRun.objects.create(ran_at=NOW, removed={"pending": 1})
    SourceRun.objects.create(source="sample", started_at=NOW)
    Repository.objects.create(name="somebody/something")
    Provider.objects.get_or_create(name="outbox")
