"""What happened with a reader so far, as one story, newest first.

The number of queries does not grow with what there is: of each kind of thing the latest are told.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.urls import reverse

from newsletter.admin.words import short
from newsletter.models import Delivery, DeliveryEvent
from newsletter.privacy import GONE, holding, letters_counted
from papers.models import Paper
from subscribers.addresses import fingerprint
from subscribers.models import AddressChange, ConsentEvent, Feedback, SignUp, Subscriber, Suppression

# Of each kind. Anybody can ask for the digest at any address, again and again.
TOLD = 20
# Moments that show at once; the others fold away.
SHOWN = 12

May = Callable[[str], bool]

DIGEST_ICONS: dict[str, str] = {
    Delivery.Status.ACCEPTED: "mark_email_read",
    Delivery.Status.FAILED: "error",
    Delivery.Status.UNKNOWN: "help",
    Delivery.Status.SKIPPED: "block",
}
FEEDBACK_ICONS: dict[str, str] = {
    Feedback.Kind.MORE: "thumb_up",
    Feedback.Kind.LESS: "thumb_down",
    Feedback.Kind.SAVED: "bookmark",
}


@dataclass(frozen=True)
class Pick:
    """A paper of a digest, and why it was chosen; `url` for who may look it up."""

    title: str
    reason: str
    url: str


@dataclass(frozen=True)
class Moment:
    """Something that happened, or that waits to happen."""

    at: datetime
    what: str
    icon: str
    details: tuple[str, ...] = ()
    url: str = ""
    picks: tuple[Pick, ...] = ()
    is_bad: bool = False


@dataclass(frozen=True)
class Story:
    """The moments, newest first, in two parts; and where there is more of the digests."""

    latest: list[Moment]
    earlier: list[Moment]
    digests_url: str


def tell(reader: Subscriber, may: May) -> Story:
    """Return the story of `reader`, with links to what whoever asks `may` look at."""
    told = chain(
        _beginning(reader),
        _consents(reader, may),
        _digests(reader, may),
        _feedback(reader, may),
        _letters(reader),
        _wishes(reader),
        _staff(reader),
        _suppression(reader),
    )
    moments = sorted(told, key=lambda moment: moment.at, reverse=True)
    digests = reverse("admin:newsletter_delivery_changelist", query={"subscriber__id__exact": reader.pk})
    url = digests if may("newsletter.view_delivery") else ""
    return Story(moments[:SHOWN], moments[SHOWN:], url)


def _beginning(reader: Subscriber) -> Iterator[Moment]:
    yield Moment(reader.created_at, "Came to us", "person_add")
    if reader.preferences_changed_at:
        yield Moment(reader.preferences_changed_at, "Last change of preferences", "tune")
    if reader.leaving_reason and reader.unsubscribed_at:
        yield Moment(
            reader.unsubscribed_at, f"Said why they left: {reader.get_leaving_reason_display()}", "chat_bubble"
        )


def _consents(reader: Subscriber, may: May) -> Iterator[Moment]:
    batch = reader.import_batch
    for event in reader.consent_events.order_by("-at", "-pk")[:TOLD]:
        is_import = batch is not None and event.kind == ConsentEvent.Kind.IMPORTED
        details = [f"How: {event.source}"]
        details += [f"Wording: {event.wording_version}"] if event.wording_version else []
        details += [f"On the page {event.page}"] if event.page else []
        details += [f"From {event.truncated_ip}"] if event.truncated_ip else []
        details += [f"As it says: {batch.provenance}"] if batch is not None and is_import else []
        url = _page("subscribers", "importbatch", batch.pk, may) if batch is not None and is_import else ""
        yield Moment(event.at, event.get_kind_display(), "verified_user", tuple(details), url)


# --- Digests --------------------------------------------------------------------------------------------------------


def _digests(reader: Subscriber, may: May) -> Iterator[Moment]:
    latest = reader.deliveries.order_by("-due_at", "pk").select_related("edition").defer("edition__fragments")
    deliveries = list(latest.prefetch_related("events")[:TOLD])
    titles = _titles(pick["paper_id"] for delivery in deliveries for pick in delivery.picks)
    for delivery in deliveries:
        yield Moment(
            at=delivery.settled_at or delivery.handed_over_at or delivery.due_at,
            what=f"{delivery.edition.title}: {short(delivery.get_status_display()).lower()}",
            icon=DIGEST_ICONS.get(delivery.status, "schedule_send"),
            details=tuple(_what_became_of(delivery)),
            url=_page("newsletter", "delivery", delivery.pk, may),
            picks=tuple(_picks(delivery, titles, may)),
            is_bad=delivery.status in {Delivery.Status.FAILED, Delivery.Status.UNKNOWN}
            or any([delivery.bounced_at, delivery.complained_at]),
        )


def _what_became_of(delivery: Delivery) -> Iterator[str]:
    if delivery.status in {Delivery.Status.QUEUED, Delivery.Status.CLAIMED}:
        yield f"To be sent at {delivery.next_attempt_at:%Y-%m-%d %H:%M} UTC"
    if delivery.skip_reason:
        yield delivery.get_skip_reason_display()
    if delivery.detail:
        yield f"The mail provider said: {delivery.detail}"
    for event in delivery.events.all():
        yield _told(event)


def _told(event: DeliveryEvent) -> str:
    at = event.happened_at or event.received_at
    detail = f", {event.detail}" if event.detail else ""
    return f"{event.get_kind_display().capitalize()} at {at:%Y-%m-%d %H:%M} UTC, says {event.provider}{detail}"


def _picks(delivery: Delivery, titles: Mapping[int, str], may: May) -> Iterator[Pick]:
    for pick in delivery.picks:
        paper_id = pick["paper_id"]
        url = _page("papers", "paper", paper_id, may) if paper_id in titles else ""
        yield Pick(titles.get(paper_id, GONE), pick["reason"], url)


def _titles(papers: Iterable[int]) -> dict[int, str]:
    return dict(Paper.objects.filter(pk__in=set(papers)).values_list("pk", "title"))


# --- What they said, asked for and wait for -------------------------------------------------------------------------


def _feedback(reader: Subscriber, may: May) -> Iterator[Moment]:
    for said in reader.feedback.select_related("paper").order_by("-at", "-pk")[:TOLD]:
        details = ("A program pressed it, not a person",) if said.is_automated else ()
        what = f"{said.get_kind_display()}: {said.paper.title}"
        url = _page("papers", "paper", said.paper_id, may)
        yield Moment(said.at, what, FEEDBACK_ICONS[said.kind], details, url)


def _letters(reader: Subscriber) -> Iterator[Moment]:
    """What went to the mailbox lately, and what waits: letters, forms, another address to be confirmed."""
    for sent_at in letters_counted(reader.email):
        yield Moment(sent_at, "A letter went to this mailbox", "mail", ("It counts against the caps",))
    for letter in reader.letters.order_by("pk"):
        due = f"To be sent at {letter.due_at:%Y-%m-%d %H:%M} UTC"
        yield Moment(letter.asked_at, f"A letter waits: {letter.get_kind_display()}", "outgoing_mail", (due,))
    for sign_up in holding(SignUp.objects.all(), reader.email).order_by("-pk")[:TOLD]:
        yield Moment(sign_up.asked_at, "A form was sent in and is not looked at yet", "assignment")
    for change in AddressChange.objects.filter(subscriber=reader):
        details = (f"Waits until {change.address} is confirmed",)
        yield Moment(change.asked_at, "Asked for another address", "swap_horiz", details)


def _wishes(reader: Subscriber) -> Iterator[Moment]:
    wanted = list(reader.wanted_papers.values_list("arxiv_id", "asked_at"))
    if wanted:
        ids = ", ".join(arxiv_id for arxiv_id, _ in wanted[:TOLD])
        yield Moment(max(at for _, at in wanted), f"Papers to be looked up: {len(wanted)}", "search", (ids,))


# --- What we did ----------------------------------------------------------------------------------------------------


def _staff(reader: Subscriber) -> Iterator[Moment]:
    of_readers = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(Subscriber))
    for entry in of_readers.filter(object_id=str(reader.pk)).select_related("user").order_by("-action_time")[:TOLD]:
        what = entry.get_change_message() or "Looked after"
        yield Moment(entry.action_time, f"{entry.user.get_username()}: {what}", "support_agent")


def _suppression(reader: Subscriber) -> Iterator[Moment]:
    for found in Suppression.objects.filter(address_hash=fingerprint(reader.email)):
        what = f"Never to be mailed: {found.get_reason_display()}"
        yield Moment(found.at, what, "do_not_disturb_on", is_bad=True)


def _page(app: str, model: str, pk: object, may: May) -> str:
    """Return the address of a page of the admin; nothing for who may not look at it."""
    return reverse(f"admin:{app}_{model}_change", args=[pk]) if may(f"{app}.view_{model}") else ""
