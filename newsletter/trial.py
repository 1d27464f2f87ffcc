"""A digest sent to somebody who works here, to see it in a real mail program. No ledger has it; it acts for nobody."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from django.conf import settings

from mail import throttle
from mail.message import make_message
from mail.outcomes import HandOverError, NotSent, Uncertain
from mail.transport import Mailer
from newsletter.joining import JoinedBody
from subscribers.abuse import is_within
from subscribers.addresses import AddressRefused, clean_address
from subscribers.models import Suppression

MARK = "[Test]"
# A test is taken from what readers may be sent.
TESTS = "5/minute"


class NoTrial(Exception):
    """No test was sent; the message says why, without an address."""


def send_trial(digest: JoinedBody, address: str, user_id: int, clock: Callable[[], datetime]) -> None:
    """Send `digest` to the address of a user, marked as a test, the way all mail goes. Raises NoTrial.

    Its subject begins with a mark, its links are those of `digest`, and it is not mail of a list that could be left.
    """
    to = _checked(address)
    if not is_within(TESTS, "test mail", str(user_id)):
        raise NoTrial("You sent some tests a moment ago. Wait a minute, and try again.")
    message = make_message(
        replace(digest, subject=f"{MARK} {digest.subject}"),
        to=to,
        sender=settings.NEWSLETTER_FROM,
        reference=f"test-{uuid.uuid4()}",
        tag="test",
        at=clock(),
    )
    if not throttle.wait_for_one(clock):
        raise NoTrial(_why_closed(clock()))
    try:
        with Mailer() as mailer:
            mailer.build(message)
            mailer.hand_over(message)
    # Their words hold no address.
    except Uncertain as err:
        raise NoTrial(f"Nobody knows whether it left: {err}. See whether it arrives.") from err
    except NotSent as err:
        throttle.give_back(1, clock())
        raise NoTrial("The mail server could not be reached, and nothing was sent. Tell an owner.") from err
    except HandOverError as err:
        throttle.give_back(1, clock())
        raise NoTrial(f"The mail server did not take it: {err}") from err


def _checked(address: str) -> str:
    if not address:
        raise NoTrial("Your account has no e-mail address. Ask an owner to add one.")
    try:
        to = clean_address(address)
    except AddressRefused as err:
        raise NoTrial("The e-mail address of your account is none that mail can be sent to.") from err
    if Suppression.objects.covers(to):
        raise NoTrial("The e-mail address of your account is on the list of those we must never mail.")
    return to


def _why_closed(at: datetime) -> str:
    if throttle.stopped().exists():
        return "All mail is stopped by an operator, tests too."
    if used := throttle.used_up(at):
        return f"The limit of {used.limit:,} messages is used up until {used.until:%H:%M} UTC."
    return "The mail provider asked for a pause. Try again in some minutes."
