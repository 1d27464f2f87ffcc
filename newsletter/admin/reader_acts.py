"""What can be done about one reader, and when it fits."""

from dataclasses import dataclass
from datetime import datetime

from newsletter.admin.acts import Act
from newsletter.curating import NotDone
from newsletter.erasure import erase
from newsletter.models import Delivery
from newsletter.resending import NotAgain, latest_digest, send_again, why_not_again
from subscribers.addresses import fingerprint
from subscribers.models import Subscriber, Suppression
from subscribers.optin import NoLetter, invite_again, never_mail, unsubscribe

MANUAL = Suppression.Reason.MANUAL


@dataclass(frozen=True)
class ReaderNow:
    """A reader, and what else decides about what can be done."""

    reader: Subscriber
    suppression: Suppression | None
    digest: Delivery | None
    why_not_again: str


def look_at(reader: Subscriber, at: datetime) -> ReaderNow:
    suppression = Suppression.objects.filter(address_hash=fingerprint(reader.email)).first()
    digest = latest_digest(reader)
    return ReaderNow(reader, suppression, digest, why_not_again(digest, at) if digest else "")


# --- What each does -------------------------------------------------------------------------------------------------


def _invite_again(now: ReaderNow, at: datetime, by: str) -> str:
    try:
        invite_again(now.reader, at)
    except NoLetter as err:
        raise NotDone(str(err)) from err
    return "The confirmation is sent again."


def _send_again(now: ReaderNow, at: datetime, by: str) -> str:
    if now.digest is None:
        raise NotDone("There is no digest that could be sent again.")
    try:
        send_again(now.digest, at, by)
    except NotAgain as err:
        raise NotDone(str(err)) from err
    return f"The digest {now.digest.edition} is sent again."


def _unsubscribe(now: ReaderNow, at: datetime, by: str) -> str:
    if now.reader.status == Subscriber.Status.UNSUBSCRIBED:
        raise NotDone("The reader has left already.")
    unsubscribe(now.reader, source="admin", at=at)
    return "Unsubscribed."


def _suppress(now: ReaderNow, at: datetime, by: str) -> str:
    if Suppression.objects.covers(now.reader.email):
        raise NotDone("The address is never mailed already.")
    never_mail(now.reader.email, at)
    return "Suppressed: the address is never mailed again."


def _lift(now: ReaderNow, at: datetime, by: str) -> str:
    if not Suppression.objects.lift(now.reader.email):
        raise NotDone("There is nothing that the staff could lift.")
    return "The suppression is lifted."


def _erase(now: ReaderNow, at: datetime, by: str) -> str:
    erase(now.reader, at)
    return "Erased."


CONFIRM = Act[ReaderNow](
    "confirm",
    "Send the confirmation again",
    "subscribers.change_subscriber",
    lambda now: now.reader.status == Subscriber.Status.PENDING and now.suppression is None,
    _invite_again,
    "The letter with the link to confirm goes out once more, if the mailbox has not had its share of letters.",
)
SEND_AGAIN = Act[ReaderNow](
    "send-again",
    "Send the last digest again",
    "subscribers.change_subscriber",
    lambda now: now.digest is not None and not now.why_not_again,
    _send_again,
    "The digest goes out once more, now, under the same Message-ID: a mail program may show one of the two.",
)
UNSUBSCRIBE = Act[ReaderNow](
    "unsubscribe",
    "Unsubscribe",
    "subscribers.change_subscriber",
    lambda now: now.reader.status != Subscriber.Status.UNSUBSCRIBED,
    _unsubscribe,
    "No digest is sent any more. The reader may sign up again.",
)
SUPPRESS = Act[ReaderNow](
    "suppress",
    "Never mail again",
    "subscribers.add_suppression",
    lambda now: now.suppression is None,
    _suppress,
    "The reader is unsubscribed, and nothing is ever mailed to the address: no digest, no letter, and no confirmation "
    "when somebody signs up with it.",
    is_final=True,
)
LIFT = Act[ReaderNow](
    "lift",
    "Lift the suppression",
    "subscribers.delete_suppression",
    lambda now: now.suppression is not None and now.suppression.reason == MANUAL,
    _lift,
    "The address may be mailed again. The reader stays unsubscribed, and may sign up again.",
)
EXPORT = Act[ReaderNow](
    "export",
    "Download everything",
    "subscribers.export_subscriber",
    lambda now: True,
    lambda now, at, by: "Everything about the reader was downloaded.",
    "All that is kept about the reader, as a JSON file. It is for the reader alone: send it to their own address, and "
    "delete it.",
)
ERASE = Act[ReaderNow](
    "erase",
    "Erase",
    "subscribers.erase_subscriber",
    lambda now: True,
    _erase,
    "Everything that is kept about the reader is deleted, and the address is never mailed again. Of it stays a keyed "
    "hash. There is no way back.",
    is_final=True,
)
READER_ACTS = [CONFIRM, SEND_AGAIN, UNSUBSCRIBE, SUPPRESS, LIFT, EXPORT, ERASE]
