"""What we keep about a reader: all of it, to look at and to take away."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet, Value
from django.db.models.functions import Lower

from newsletter.models import DeliveryEvent
from papers.models import Paper, Topic
from subscribers.addresses import fingerprint, mailbox_of
from subscribers.models import AddressChange, Letter, Mailbox, SignUp, Subscriber, Suppression

Rows = TypeVar("Rows", bound=QuerySet[Any])

GONE = "a paper that is gone"


def everything_about(reader: Subscriber) -> dict[str, Any]:
    """Return all that is kept about `reader`, in plain values and UTC times; the newest digest comes first.

    Left out are the secrets in links that were mailed, which say nothing about anybody.
    """
    return {
        "reader": _profile(reader),
        "preferences": _preferences(reader),
        "feedback": [
            {
                "title": said.paper.title,
                "said": said.get_kind_display(),
                "at": said.at,
                "digest": said.mail_id,
                "is_automated": said.is_automated,
            }
            for said in reader.feedback.select_related("paper")
        ],
        "wanted_papers": list(reader.wanted_papers.values("arxiv_id", "asked_at")),
        "consent": [
            {
                "what": event.get_kind_display(),
                "at": event.at,
                "wording": event.wording_version,
                "how": event.source,
                "page": event.page,
                "truncated_ip": event.truncated_ip,
                "former_address_hash": event.former_address_hash,
            }
            for event in reader.consent_events.all()
        ],
        "import": _import(reader),
        "address_change": AddressChange.objects.filter(subscriber=reader).values("address", "asked_at").first(),
        "letters_waiting": _letters(reader.letters.all()),
        "sign_ups_waiting": _sign_ups(reader.email),
        "asked_for_by_others": _asked_for_by_others(reader),
        "letters_counted": letters_counted(reader.email),
        "digests": _digests(reader),
        "suppressed": _suppression(reader.email),
    }


def holding(rows: Rows, address: str) -> Rows:
    """Return those of `rows` whose address is `address`, in whatever case."""
    return rows.alias(folded=Lower("address")).filter(folded=Lower(Value(address)))


def as_json(everything: Mapping[str, Any]) -> str:
    """Return what `everything_about` a reader returned, as a file to keep."""
    return json.dumps(everything, cls=DjangoJSONEncoder, indent=2, ensure_ascii=False) + "\n"


def _profile(reader: Subscriber) -> dict[str, Any]:
    return {
        "number": reader.pk,
        "address": reader.email,
        "status": reader.get_status_display(),
        "created_at": reader.created_at,
        "confirmed_at": reader.confirmed_at,
        "unsubscribed_at": reader.unsubscribed_at,
        "leaving_reason": reader.get_leaving_reason_display(),
    }


def _preferences(reader: Subscriber) -> dict[str, Any]:
    return {
        "topics": [topic.name for topic in reader.topics.order_by("name")],
        "interests": reader.interests,
        "followed_authors": reader.followed_authors,
        "muted_words": reader.muted_words,
        "ignored_words": reader.ignored_words,
        "cadence": reader.get_cadence_display(),
        "weekday": reader.get_weekday_display(),
        "paused_until": reader.paused_until,
        "hears_of_quiet_days": reader.hears_of_quiet_days,
        "quiet_day_told_on": reader.quiet_day_told_on,
        "hour": reader.hour,
        "time_zone": reader.time_zone,
        "size": reader.size,
        "changed_at": reader.preferences_changed_at,
    }


def _import(reader: Subscriber) -> dict[str, Any] | None:
    batch = reader.import_batch
    return {"number": batch.pk, "provenance": batch.provenance, "at": batch.started_at} if batch else None


def _letters(letters: QuerySet[Letter]) -> list[dict[str, Any]]:
    return [
        {
            "what": letter.get_kind_display(),
            "address": letter.address,
            "asked_at": letter.asked_at,
            "due_at": letter.due_at,
            "counted_at": letter.counted_at,
            "why": letter.why,
        }
        for letter in letters.order_by("pk")
    ]


def _sign_ups(address: str) -> list[dict[str, Any]]:
    return [
        {
            "address": sign_up.address,
            "at": sign_up.asked_at,
            "how": sign_up.source,
            "page": sign_up.page,
            "truncated_ip": sign_up.truncated_ip,
            "choices": _choices(sign_up.choices),
        }
        for sign_up in holding(SignUp.objects.all(), address).order_by("pk")
    ]


def _choices(choices: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a visitor chose before signing up, by name instead of number."""
    named = dict(choices)
    if "topics" in choices:
        named["topics"] = [topic.name for topic in Topic.objects.filter(pk__in=choices["topics"])]
    if "papers" in choices:
        named["papers"] = sorted(_titles(choices["papers"]).values())
    return named


def _asked_for_by_others(reader: Subscriber) -> list[dict[str, Any]]:
    """Return who wanted their digests at this address: when, and not who."""
    others = holding(AddressChange.objects.all(), reader.email).exclude(subscriber=reader)
    return [{"what": "Digests at this address", "asked_at": change.asked_at} for change in others] + [
        {"what": letter["what"], "asked_at": letter["asked_at"]}
        for letter in _letters(holding(Letter.objects.all(), reader.email).exclude(subscriber=reader))
    ]


def letters_counted(address: str) -> list[datetime]:
    """Return when letters went to the mailbox lately, as its caps count them."""
    mailbox = Mailbox.objects.filter(mailbox_hash=fingerprint(mailbox_of(address))).first()
    return [datetime.fromtimestamp(sent, UTC) for sent in mailbox.letters_at] if mailbox else []


def _digests(reader: Subscriber) -> list[dict[str, Any]]:
    rows = reader.deliveries.select_related("edition").defer("edition__fragments").prefetch_related("events")
    deliveries = list(rows)
    picked = {pick["paper_id"] for delivery in deliveries for pick in delivery.picks}
    titles = _titles(picked.union(*[delivery.also for delivery in deliveries]))
    return [
        {
            "number": str(delivery.pk),
            "edition": str(delivery.edition),
            "status": delivery.get_status_display(),
            "skip_reason": delivery.get_skip_reason_display(),
            "due_at": delivery.due_at,
            "next_attempt_at": delivery.next_attempt_at,
            "attempts": delivery.attempts,
            "chosen_at": delivery.chosen_at,
            "handed_over_at": delivery.handed_over_at,
            "settled_at": delivery.settled_at,
            "delivered_at": delivery.delivered_at,
            "bounced_at": delivery.bounced_at,
            "complained_at": delivery.complained_at,
            "detail": delivery.detail,
            "provider_message_id": delivery.provider_message_id,
            "papers": [
                {"title": titles.get(pick["paper_id"], GONE), "reason": pick["reason"], "score": pick["score"]}
                for pick in delivery.picks
            ],
            "also_named": [titles.get(paper_id, GONE) for paper_id in delivery.also],
            "events": [_event(event) for event in delivery.events.all()],
        }
        for delivery in deliveries
    ]


def _event(event: DeliveryEvent) -> dict[str, Any]:
    """Return what a mail provider told about a digest after it had left."""
    return {
        "what": event.get_kind_display(),
        "provider": event.provider,
        "happened_at": event.happened_at,
        "received_at": event.received_at,
        "is_permanent": event.is_permanent,
        "detail": event.detail,
        "reference": event.reference,
        "provider_message_id": event.provider_message_id,
    }


def _titles(papers: Iterable[int]) -> dict[int, str]:
    return dict(Paper.objects.filter(pk__in=set(papers)).values_list("pk", "title"))


def _suppression(address: str) -> dict[str, Any] | None:
    found = Suppression.objects.filter(address_hash=fingerprint(address)).first()
    return {"reason": found.get_reason_display(), "at": found.at} if found else None
