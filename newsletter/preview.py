"""What somebody would get now, without sending or storing anything."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from newsletter.choosing import Choice, choice_for, choose_for, choose_for_reader, make_offer, seen_by
from newsletter.joining import Chosen, JoinedBody
from newsletter.models import Delivery, Edition, EditionEntry
from newsletter.offer import Offer
from newsletter.reasons import Basis
from newsletter.rendering import compile_fragments, public_links, render_digest
from papers.keeping import KEPT_FOR
from papers.trending import in_words
from subscribers.models import Subscriber
from subscribers.preferences import Preferences

# What reasons rest on that are not the reader's, and what is told of the others.
OPEN = {Basis.EDITORS, Basis.TRENDING, Basis.OUTSIDE}
IN_GENERAL = {Basis.WISHED: "matches what the reader asked for", Basis.TASTE: "near what the reader likes"}


class NothingToPreview(Exception):
    """There is no digest for this reader; the message says why."""


def preview_digest(reader: Subscriber, at: datetime) -> JoinedBody:
    """Return the digest `reader` would get at `at`: from the newest draft, else from the current edition.

    A digest that is queued for the reader already comes first. Raises NothingToPreview. The links act for nobody.
    """
    queued = Delivery.objects.queued().filter(subscriber=reader, edition__in=Edition.objects.sending())
    if delivery := queued.select_related("edition").order_by("due_at").first():
        return render_digest(delivery.edition.fragments, delivery, public_links())
    edition = _newest_edition(at, reader)
    if edition is None:
        raise NothingToPreview("There is no edition: no papers were listed in the last days.")
    return preview_of(edition, reader)


def preview_of(edition: Edition, whom: Subscriber | Preferences, *, is_discreet: bool = False) -> JoinedBody:
    """Return the digest of `edition` as `whom` would get it, or got it; its links act for nobody.

    Of a reader it is what their delivery holds, where there is one; if `is_discreet`, without words of their own.
    Raises NothingToPreview.
    """
    if not (edition.is_draft or edition.fragments):
        raise NothingToPreview(f"Edition {edition} was cancelled before its mail was made.")
    chosen: Chosen = (isinstance(whom, Subscriber) and _delivery_of(edition, whom)) or _choice_of(edition, whom)
    if is_discreet and isinstance(whom, Subscriber):
        chosen = Discreet([_in_general(pick) for pick in chosen.picks], chosen.also)
    fragments = edition.fragments or compile_fragments(edition, list(edition.entries.going_out()))
    return render_digest(fragments, chosen, public_links())


class Discreet(NamedTuple):
    """What a digest is made of, for eyes that are not to know its reader."""

    picks: Sequence[Mapping[str, Any]]
    also: Sequence[int]


def _in_general(pick: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a pick with a reason that tells neither what its reader asked for nor what they saved."""
    basis = pick.get("basis", "")
    return pick if basis in OPEN else {**pick, "reason": IN_GENERAL.get(basis, "chosen for the reader")}


def _delivery_of(edition: Edition, reader: Subscriber) -> Delivery | None:
    delivery = edition.deliveries.filter(subscriber=reader).first()
    if delivery and not delivery.picks:
        why = delivery.get_skip_reason_display() or "its papers are not kept any more"
        raise NothingToPreview(f"{reader} has no digest of edition {edition}: {why[0].lower()}{why[1:]}.")
    return delivery


def _choice_of(edition: Edition, whom: Subscriber | Preferences) -> Choice:
    offer = make_offer(edition)
    if isinstance(whom, Preferences):
        choice = choice_for(whom, offer)
    else:
        choice = choose_for_reader(whom, offer, besides=edition)
    if not choice.picks:
        raise NothingToPreview(f"Edition {edition} has no paper that this reader has not had.")
    return choice


# --- For pages ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PaperShown:
    """What a preview shows of a paper of an edition."""

    title: str
    authors: str
    blurb: str
    attention: str
    note: str
    is_sample: bool


@dataclass(frozen=True)
class PickShown:
    """A paper somebody would get, and why."""

    paper: PaperShown
    reason: str


@dataclass(frozen=True)
class Shown:
    """A digest on a page; without picks the edition has nothing for this person.

    The edition of a day `stands_in` for that of a week, until a weekly reader has one.
    """

    edition: Edition
    picks: Sequence[PickShown]
    has_sample: bool
    stands_in: bool


@dataclass(frozen=True)
class OnOffer:
    """An edition, what it has for everybody, and the papers of it that somebody had before."""

    edition: Edition
    offer: Offer
    papers: Mapping[int, PaperShown]
    seen: Collection[int]


def preview_picks(preferences: Preferences, at: datetime, reader: Subscriber | None = None) -> Shown | None:
    """Return what somebody with `preferences` would get at `at`; None while there is no edition.

    For a `reader` without what other editions brought. Chosen as for everybody; the hour plays no part.
    """
    found = what_is_on_offer(at, reader)
    if found is None:
        return None
    chosen = choose_for(preferences, found.offer, found.seen)
    picks = [PickShown(found.papers[pick["paper_id"]], pick["reason"]) for pick in chosen]
    return Shown(
        found.edition,
        picks,
        has_sample=any(pick.paper.is_sample for pick in picks),
        stands_in=found.edition.kind != _kind_for(reader),
    )


def what_is_on_offer(at: datetime, reader: Subscriber | None = None) -> OnOffer | None:
    """Return the edition that a preview at `at` is chosen from; None while there is none.

    Until there is one of a week, a weekly reader sees what one of a day has.
    """
    edition = _newest_edition(at, reader) or _newest_edition(at, None)
    if edition is None:
        return None
    offer, papers = _read_offer(edition.pk, edition.status, int(at.timestamp() // KEPT_FOR))
    # This edition would be chosen anew.
    seen = seen_by([reader], offer.places.keys(), besides=edition)[reader.pk] if reader else set()
    return OnOffer(edition, offer, papers, seen)


def _newest_edition(at: datetime, reader: Subscriber | None) -> Edition | None:
    """The newest draft, else the current edition, of the kind that `reader` gets."""
    kind = _kind_for(reader)
    draft = Edition.objects.filter(kind=kind, status=Edition.Status.DRAFT).order_by("-period").first()
    return draft or Edition.objects.current(at, kind)


def _kind_for(reader: Subscriber | None) -> Edition.Kind:
    """The kind of edition that `reader` gets; for a visitor a daily one."""
    is_weekly = reader is not None and reader.cadence == Subscriber.Cadence.WEEKLY
    return Edition.Kind.WEEKLY if is_weekly else Edition.Kind.DAILY


@lru_cache(maxsize=4)
def _read_offer(edition_id: int, status: str, minute: int) -> tuple[Offer, dict[int, PaperShown]]:
    """What an edition has for everybody: most of the work, so it is kept for the minute, as pages are."""
    edition = Edition.objects.get(pk=edition_id)
    return make_offer(edition), {entry.paper_id: _paper_shown(entry) for entry in edition.entries.going_out()}


def _paper_shown(entry: EditionEntry) -> PaperShown:
    paper = entry.paper
    return PaperShown(paper.title, paper.short_authors, paper.blurb, in_words(entry.parts), entry.note, paper.is_sample)
