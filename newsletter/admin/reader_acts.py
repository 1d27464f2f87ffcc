"""What can be done about one reader: who may, when it fits, and what was done, in words for the history."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from newsletter.erasure import erase
from newsletter.models import Delivery
from newsletter.resending import NotAgain, latest_digest, send_again
from subscribers.models import Subscriber, Suppression
from subscribers.optin import NoLetter, invite_again, never_mail, unsubscribe

MANUAL = Suppression.Reason.MANUAL


class NotDone(Exception):
    """Nothing was done; the message says why, for the person who asked for it."""


@dataclass(frozen=True)
class Standing:
    """How things stand with a reader: what decides about what can be done."""

    reader: Subscriber
    suppression: Suppression | None
    digest: Delivery | None
    why_not_again: str
    acts: tuple["Act", ...] = ()


@dataclass(frozen=True)
class Act:
    """Something that can be done about a reader.

    `do` says what was done, in a sentence that may be kept, or raises NotDone. What is `final` has to be typed.
    """

    name: str
    label: str
    permission: str
    warning: str
    fits: Callable[[Standing], bool]
    do: Callable[[Subscriber, datetime, str], str]
    final: bool = False

    def typed(self, reader: Subscriber) -> str:
        return f"{self.name} {reader.pk}" if self.final else ""


# --- What each does -------------------------------------------------------------------------------------------------


def _invite_again(reader: Subscriber, at: datetime, by: str) -> str:
    try:
        invite_again(reader, at)
    except NoLetter as err:
        raise NotDone(str(err)) from err
    return "The confirmation is sent again."


def _send_again(reader: Subscriber, at: datetime, by: str) -> str:
    digest = latest_digest(reader)
    if digest is None:
        raise NotDone("There is no digest that could be sent again.")
    try:
        send_again(digest, at, by)
    except NotAgain as err:
        raise NotDone(str(err)) from err
    return f"The digest {digest.edition} is sent again."


def _unsubscribe(reader: Subscriber, at: datetime, by: str) -> str:
    if reader.status == Subscriber.Status.UNSUBSCRIBED:
        raise NotDone("The reader has left already.")
    unsubscribe(reader, source="admin", at=at)
    return "Unsubscribed."


def _suppress(reader: Subscriber, at: datetime, by: str) -> str:
    if Suppression.objects.covers(reader.email):
        raise NotDone("The address is never mailed already.")
    never_mail(reader.email, at)
    return "Suppressed: the address is never mailed again."


def _lift(reader: Subscriber, at: datetime, by: str) -> str:
    if not Suppression.objects.lift(reader.email):
        raise NotDone("There is nothing that the staff could lift.")
    return "The suppression is lifted."


def _erase(reader: Subscriber, at: datetime, by: str) -> str:
    erase(reader, at)
    return "Erased."


CONFIRM = Act(
    "confirm",
    "Send the confirmation again",
    "subscribers.change_subscriber",
    "The letter with the link to confirm goes out once more, if the mailbox has not had its share of letters.",
    lambda standing: standing.reader.status == Subscriber.Status.PENDING and standing.suppression is None,
    _invite_again,
)
SEND_AGAIN = Act(
    "send-again",
    "Send the last digest again",
    "subscribers.change_subscriber",
    "The digest goes out once more, now, under the same Message-ID: a mail program may show one of the two.",
    lambda standing: standing.digest is not None and not standing.why_not_again,
    _send_again,
)
UNSUBSCRIBE = Act(
    "unsubscribe",
    "Unsubscribe",
    "subscribers.change_subscriber",
    "No digest is sent any more. The reader may sign up again.",
    lambda standing: standing.reader.status != Subscriber.Status.UNSUBSCRIBED,
    _unsubscribe,
)
SUPPRESS = Act(
    "suppress",
    "Never mail again",
    "subscribers.add_suppression",
    "The reader is unsubscribed, and nothing is ever mailed to the address: no digest, no letter, and no confirmation "
    "when somebody signs up with it.",
    lambda standing: standing.suppression is None,
    _suppress,
    final=True,
)
LIFT = Act(
    "lift",
    "Lift the suppression",
    "subscribers.delete_suppression",
    "The address may be mailed again. The reader stays unsubscribed, and may sign up again.",
    lambda standing: standing.suppression is not None and standing.suppression.reason == MANUAL,
    _lift,
)
EXPORT = Act(
    "export",
    "Download everything",
    "subscribers.export_subscriber",
    "All that is kept about the reader, as a JSON file. It is for the reader alone: send it to their own address, and "
    "delete it.",
    lambda standing: True,
    lambda reader, at, by: "Everything about the reader was downloaded.",
)
ERASE = Act(
    "erase",
    "Erase",
    "subscribers.erase_subscriber",
    "Everything that is kept about the reader is deleted, and the address is never mailed again. Of it stays a keyed "
    "hash. There is no way back.",
    lambda standing: True,
    _erase,
    final=True,
)
READER_ACTS = [CONFIRM, SEND_AGAIN, UNSUBSCRIBE, SUPPRESS, LIFT, EXPORT, ERASE]
