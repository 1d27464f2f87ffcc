"""The letters about a subscription: they are sent here, and what each says of its reader is looked up."""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from mail import throttle
from mail.headers import ListMail
from mail.message import Message, make_message, render_body
from mail.outcomes import AccountBroken, HandOverError, NotSent, Refused, RefusedForNow
from mail.transport import Mailer
from subscribers import signals
from subscribers.addresses import is_disposable
from subscribers.links import confirm_url, new_address_url, preferences_url, unsubscribe_url
from subscribers.local_time import today_of, zone_of
from subscribers.models import Letter, Mailbox, Subscriber, Suppression
from subscribers.references import Reference

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
RHYTHMS: dict[str, str] = {
    Subscriber.Cadence.DAILY: "every day",
    Subscriber.Cadence.WEEKDAYS: "Monday to Friday",
}
# The list that digests are mail of.
LIST_TAG = "daily"
# Letters looked up at a time.
BATCH = 100


def send_due_letters(clock: Callable[[], datetime], *, until: datetime) -> int:
    """Send the letters that are due, until none is or `until` has come; return how many were accepted.

    Without a connection to the mail server, or while mail is held back, the rest waits for the next time.
    """
    accepted = 0
    with Mailer() as mailer, suppress(NotSent, AccountBroken):
        while batch := list(Letter.objects.due(clock()).in_order().values_list("pk", flat=True)[:BATCH]):
            for pk in batch:
                if clock() >= until or not throttle.wait_for_one(clock):
                    return accepted
                accepted += send_letter(pk, clock(), mailer)
    return accepted


def send_letter(letter_id: int, at: datetime, mailer: Mailer) -> bool:
    """Send one due letter in the moment that was reserved for it, or give that back; return whether it was accepted.

    Raises NotSent or AccountBroken when none can leave.
    Only one process gets to send it. When it surely did not leave, or the process died, it is due again, first after
    LEASE and then ever later: a confirmation that comes twice does less harm than one that never comes.
    """
    letter = _claim(letter_id, at)
    if letter is None:
        # Thousands may be overtaken at once, by a late edition that needs the hour's messages itself.
        throttle.give_back(1, at)
        return False
    accepted = False
    try:
        mailer.hand_over(_message(letter, at))
        accepted = True
    except HandOverError as err:
        logger.warning("The letter %s (%s) was not accepted: %s", letter_id, letter.kind, err)
        is_of_use = at - letter.asked_at < settings.SUBSCRIBERS_CONFIRMATION_VALID_FOR
        if isinstance(err, NotSent | AccountBroken) and is_of_use:
            raise
        if isinstance(err, RefusedForNow) and is_of_use:
            if err.is_about_us:
                throttle.slow_down(at, err.retry_after)
            return False
        if isinstance(err, Refused) and err.is_hard:
            signals.letter_refused.send(Letter, reference=str(_reference(letter, at)), detail=str(err), at=at)
    except Exception:  # one that cannot be made, whatever the cause, does not stop the others
        logger.exception("The letter %s (%s) cannot be made", letter_id, letter.kind)
    # Refused for good, or perhaps on its way, is as with one that was accepted: done.
    Letter.objects.filter(pk=letter_id).delete()
    return accepted


def _claim(letter_id: int, at: datetime) -> Letter | None:
    """Take a due letter for this process; None when another has it, or when it is not to be sent any more."""
    with transaction.atomic():
        due = Letter.objects.due(at).select_for_update(of=("self",)).select_related("subscriber__address_change")
        letter = due.filter(pk=letter_id).first()
        if letter is None:
            return None
        Letter.objects.filter(pk=letter_id).update(due_at=at + max(LEASE, at - letter.asked_at))
        if not (_may_go_out(letter, at) and _is_within_caps(letter, at)):
            letter.delete()
            return None
    return letter


def _may_go_out(letter: Letter, at: datetime) -> bool:
    """Whether the address of a letter may be written to, and what it says still holds."""
    if Suppression.objects.covers(letter.address):
        return False
    return _is_for_its_address(letter) and _is_for_its_reader(letter) and not _is_overtaken(letter, at)


def _is_for_its_address(letter: Letter) -> bool:
    """Whether the address is still the one that was asked for; a link that speaks for one must not come to another."""
    if letter.kind not in Letter.ELSEWHERE:
        return letter.address.casefold() == letter.subscriber.email.casefold()
    if letter.kind == Letter.Kind.ADDRESS_CHANGED:
        return True
    change = getattr(letter.subscriber, "address_change", None)
    return change is not None and change.address == letter.address and not is_disposable(letter.address)


def _is_for_its_reader(letter: Letter) -> bool:
    """Whether the reader still is, or is not, one who gets digests, where the letter speaks to such a one."""
    if letter.kind == Letter.Kind.GOODBYE:
        return letter.subscriber.status == Subscriber.Status.UNSUBSCRIBED
    return letter.kind not in Letter.OF_ACTIVE or letter.subscriber.is_active


def _is_overtaken(letter: Letter, at: datetime) -> bool:
    if letter.kind != Letter.Kind.NOTHING_NEW:
        return False
    return any(answer for _, answer in signals.is_quiet_day_overtaken.send(Letter, letter=letter, at=at))


def _is_within_caps(letter: Letter, at: datetime) -> bool:
    if letter.kind not in Letter.CAPPED or letter.counted_at:
        return True
    if not Mailbox.objects.count_letter(letter.address, at):
        return False
    letter.counted_at = at
    letter.save(update_fields=["counted_at"])
    return True


def _message(letter: Letter, at: datetime) -> Message:
    body = render_body(letter.kind, letter_context(letter, at))
    reference = _reference(letter, at)
    if letter.kind != Letter.Kind.NOTHING_NEW:
        sender = settings.SUBSCRIBERS_FROM
        return make_message(body, to=letter.address, sender=sender, reference=str(reference), tag="opt-in", at=at)
    # It comes again and again in place of a digest, and is left as one is.
    leave, archive = unsubscribe_url(letter.subscriber, at), f"{settings.SITE_URL}{reverse('editions')}"
    return make_message(
        body,
        to=letter.address,
        sender=settings.NEWSLETTER_FROM,
        reference=str(reference),
        tag=LIST_TAG,
        at=at,
        list_mail=ListMail(reference.name, leave, archive),
    )


def _reference(letter: Letter, at: datetime) -> Reference:
    return Reference(Letter.Kind(letter.kind), letter.subscriber_id, at)


def letter_context(letter: Letter, at: datetime) -> dict[str, object]:
    """Return what the templates of letters may say."""
    reader = letter.subscriber
    change = getattr(reader, "address_change", None)
    return {
        "confirm_url": confirm_url(reader, at),
        "new_address_url": new_address_url(change, at) if change else "",
        "preferences_url": preferences_url(reader, at),
        "unsubscribe_url": unsubscribe_url(reader, at),
        "valid_days": settings.SUBSCRIBERS_CONFIRMATION_VALID_FOR.days,
        "rhythm": _rhythm(reader),
        "paused_until": _pause(reader, at),
        "kept_days": settings.SUBSCRIBERS_KEEP_WISHES_OF_LEFT.days,
        "why": letter.why,
        "postal_address": settings.POSTAL_ADDRESS,
        "site_url": settings.SITE_URL,
    }


def _pause(reader: Subscriber, at: datetime) -> date | None:
    """Return the day on which digests come again for a reader who takes a break."""
    until = reader.paused_until
    return until if until and until > today_of(reader, at) else None


def _rhythm(reader: Subscriber) -> str:
    """Return when digests come, as in "every Monday at 07:00 (Europe/Vienna)"."""
    cadence = reader.cadence
    days = f"every {reader.get_weekday_display()}" if cadence == Subscriber.Cadence.WEEKLY else RHYTHMS[cadence]
    return f"{days} at {reader.hour:02}:00 ({zone_of(reader).replace('_', ' ')})"
