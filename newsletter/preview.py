"""What a reader would get now, without sending or storing anything."""

from datetime import datetime

from mail.message import Body
from newsletter.audience import choose_picks
from newsletter.models import Delivery, Edition
from newsletter.rendering import compile_fragments, public_links, render_digest
from subscribers.models import Subscriber


class NothingToPreview(Exception):
    """There is no digest for this reader; the message says why."""


def preview_digest(reader: Subscriber, at: datetime) -> Body:
    """Return the digest `reader` would get at `at`: from the newest draft, else from the current edition.

    A digest that is queued for the reader already comes first. Raises NothingToPreview. The links act for nobody.
    """
    queued = Delivery.objects.queued().filter(subscriber=reader, edition__in=Edition.objects.sending())
    if delivery := queued.select_related("edition").order_by("due_at").first():
        return render_digest(delivery.edition.fragments, delivery.picks, public_links())
    draft = Edition.objects.filter(status=Edition.Status.DRAFT).order_by("-period").first()
    edition = draft or Edition.objects.current(at)
    if edition is None:
        raise NothingToPreview("There is no edition: no papers were listed in the last days.")
    picks = choose_picks(reader, edition)
    if not picks:
        raise NothingToPreview(f"Edition {edition} has no paper that this reader has not had.")
    entries = list(edition.entries.going_out())
    fragments = edition.fragments or compile_fragments(edition, entries)
    return render_digest(fragments, [pick.as_json() for pick in picks], public_links())
