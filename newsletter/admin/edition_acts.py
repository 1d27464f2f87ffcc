"""What an operator does to an edition as a whole: who may, when it fits, and what was done, in words for history."""

from datetime import datetime

from django.db import transaction

from newsletter import operating
from newsletter.admin.acts import Act
from newsletter.curating import NotDone
from newsletter.editions import freeze_by_hand
from newsletter.leftovers import OPEN, is_held, still_leaving
from newsletter.models import Delivery, Edition
from newsletter.tasks import keep_editions_task

OPERATE, RESOLVE = "newsletter.operate_edition", "newsletter.resolve_delivery"
Status = Edition.Status


def _close(edition: Edition, at: datetime, by: str) -> str:
    if not freeze_by_hand(edition.pk, at):
        raise NotDone("It is not a draft, and only a draft can be closed.")
    # Without a worker, or the way to it, the next look at what is due goes on.
    transaction.on_commit(keep_editions_task.delay, robust=True)
    return "Closed it. Every reader's digest is being made."


def _pause(edition: Edition, at: datetime, by: str) -> str:
    if not operating.pause(edition, at, by):
        raise NotDone("It is not paused: only a closed edition that is being sent can be.")
    return "Paused it."


def _resume(edition: Edition, at: datetime, by: str) -> str:
    if not operating.resume(edition, at, by):
        raise NotDone("It is not resumed: only a paused edition can be.")
    return f"Resumed it. Still to be sent: {edition.deliveries.filter(status__in=OPEN).count()}."


def _cancel(edition: Edition, at: datetime, by: str) -> str:
    skipped = operating.cancel(edition, at, by)
    if skipped is None:
        raise NotDone("It was cancelled before.")
    return f"Cancelled it. Deliveries skipped: {skipped}."


def _let_unknown_be(edition: Edition, at: datetime, by: str) -> str:
    count = operating.let_unknown_be(edition, at, by)
    return f"Let unknown deliveries be: {count}. {still_leaving(edition)}".rstrip()


def _send_unknown_again(edition: Edition, at: datetime, by: str) -> str:
    done = operating.send_unknown_again(edition, at, by)
    told = f"Queued unknown deliveries again: {done.queued}. Too late: {done.late}."
    return f"{told} {still_leaving(edition)} {is_held(edition)}".rstrip()


def _retry_failed(edition: Edition, at: datetime, by: str) -> str:
    done = operating.retry_failed(edition, at, by)
    left = f"Left as they are: {done.late} too late, {done.suppressed} to whom we must not write."
    return f"Queued failed deliveries again: {done.queued}. {left} {is_held(edition)}".rstrip()


def _is_sent_out(edition: Edition) -> bool:
    return edition.status == Status.CLOSED


def _has(edition: Edition, status: Delivery.Status) -> bool:
    return edition.deliveries.filter(status=status).exists()


CLOSE = Act[Edition](
    "close",
    "Close now",
    OPERATE,
    lambda edition: edition.is_draft,
    _close,
    "Its papers stay as they are now, and a digest is made for every reader. There is no way back.",
    is_final=True,
)
PAUSE = Act[Edition](
    "pause", "Pause sending", OPERATE, lambda edition: _is_sent_out(edition) and edition.paused_at is None, _pause
)
RESUME = Act("resume", "Resume sending", OPERATE, lambda edition: edition.paused_at is not None, _resume)
CANCEL = Act[Edition](
    "cancel",
    "Cancel the edition",
    OPERATE,
    lambda edition: edition.status != Status.CANCELLED,
    _cancel,
    "What has not left will never go out, and the archive does not show the edition. There is no way back.",
    is_final=True,
)
LET_UNKNOWN_BE = Act[Edition](
    "let_unknown_be",
    "Let unknown ones be",
    RESOLVE,
    lambda edition: _has(edition, Delivery.Status.UNKNOWN),
    _let_unknown_be,
    "What may have left counts as if it had arrived, and will not be sent again. There is no way back.",
    is_final=True,
)
SEND_UNKNOWN_AGAIN = Act[Edition](
    "send_unknown_again",
    "Send unknown ones again",
    RESOLVE,
    lambda edition: _is_sent_out(edition) and _has(edition, Delivery.Status.UNKNOWN),
    _send_unknown_again,
    "What may have left will be sent again: some readers may get a second copy. There is no way back.",
    is_final=True,
)
RETRY_FAILED = Act[Edition](
    "retry_failed",
    "Retry failed ones",
    RESOLVE,
    lambda edition: _is_sent_out(edition) and _has(edition, Delivery.Status.FAILED),
    _retry_failed,
)
EDITION_ACTS = [CLOSE, PAUSE, RESUME, CANCEL, RETRY_FAILED, LET_UNKNOWN_BE, SEND_UNKNOWN_AGAIN]
