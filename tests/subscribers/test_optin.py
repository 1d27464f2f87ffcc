import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.mail.backends.base import BaseEmailBackend
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from subscribers import signals
from subscribers.links import confirm_url, preferences_url, unsubscribe_url
from subscribers.models import ConsentEvent, Subscriber, Suppression
from subscribers.optin import (
    LEASE,
    WORDING_VERSION,
    confirm,
    read_confirmation,
    send_due_optin_mails,
    send_optin_mail,
    sign_up,
    unsubscribe,
)
from subscribers.tokens import LinkExpired, LinkInvalid
from tests.conftest import NOW, MailServer
from tests.factories import make_reader
from tests.letters import links_in, read_mail, text_of


def send_due(at: datetime) -> int:
    return send_due_optin_mails(lambda: at, until=at + timedelta(seconds=1))


pytestmark = pytest.mark.django_db

ADDRESS = "visitor.typed+this@example.org"
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def ask(address: str = ADDRESS, *, at: datetime = NOW) -> Subscriber:
    """Sign somebody up who is not suppressed."""
    reader_id = sign_up(address, source="form", at=at)
    assert reader_id is not None
    return Subscriber.objects.get(pk=reader_id)


def confirmation_of(reader: Subscriber, at: datetime = NOW) -> str:
    return token_in(confirm_url(reader, at))


def token_in(link: str) -> str:
    return link.rpartition("/")[2]


def events(reader: Subscriber) -> list[tuple[str, str]]:
    return list(reader.consent_events.values_list("kind", "source"))


def suppress(address: str = ADDRESS) -> None:
    Suppression.objects.suppress(address, Suppression.Reason.COMPLAINT, NOW)


# --- Asking -------------------------------------------------------------------------------------------------------


def test_signing_up_makes_one_mail_due_and_sends_nothing(mail_server: MailServer) -> None:
    reader = ask()
    assert reader.status == Subscriber.Status.PENDING
    assert list(Subscriber.objects.optin_mail_due(NOW)) == [reader]
    assert mail_server.received == []


def test_signing_up_is_recorded_with_the_wording_it_was_asked_in() -> None:
    event = ask().consent_events.get()
    assert (event.kind, event.source, event.at) == (ConsentEvent.Kind.REQUESTED, "form", NOW)
    assert event.wording_version == WORDING_VERSION


def test_signing_up_again_before_the_mail_left_changes_nothing(mail_server: MailServer) -> None:
    first = ask()
    second = ask(at=NOW + MINUTE)
    assert second == first
    assert second.optin_mail_due_at == NOW
    assert send_due(NOW + 2 * MINUTE) == 1
    assert len(mail_server.received) == 1


def test_signing_up_again_within_a_day_sends_nothing_more(mail_server: MailServer) -> None:
    ask()
    send_due(NOW)
    for hours in (0, 1, 23):
        ask(at=NOW + timedelta(hours=hours))
        assert send_due(NOW + timedelta(hours=hours)) == 0
    assert len(mail_server.received) == 1


def test_signing_up_again_after_a_day_sends_the_mail_again(mail_server: MailServer) -> None:
    ask()
    send_due(NOW)
    ask(at=NOW + DAY)
    assert send_due(NOW + DAY) == 1
    assert len(mail_server.received) == 2


def test_an_address_in_other_letters_is_the_same_reader(mail_server: MailServer) -> None:
    assert ask("Ada@example.org") == ask("ADA@example.org") == ask("ada@example.org")
    assert Subscriber.objects.get().email == "Ada@example.org"
    assert send_due(NOW) == 1
    assert mail_server.received[0].rcpt_tos == ["Ada@example.org"]


def test_an_address_with_a_wildcard_in_it_is_not_another_reader() -> None:
    assert ask("a_b@example.org") != ask("axb@example.org")
    assert ask("%@example.org") != ask("anybody@example.org")


def test_a_suppressed_address_is_passed_over(mail_server: MailServer) -> None:
    suppress(ADDRESS.upper())
    assert sign_up(ADDRESS, source="form", at=NOW) is None
    assert not Subscriber.objects.exists()
    assert send_due(NOW + DAY) == 0
    assert mail_server.received == []


def test_an_address_suppressed_after_signing_up_gets_nothing(mail_server: MailServer) -> None:
    reader = ask()
    suppress()
    assert not send_optin_mail(reader.pk, NOW)
    assert send_due(NOW + DAY) == 0
    assert mail_server.received == []
    reader.refresh_from_db()
    assert reader.optin_mail_due_at is None


# --- The mail -----------------------------------------------------------------------------------------------------


def test_the_link_in_the_mail_confirms(mail_server: MailServer) -> None:
    reader = ask()
    assert send_optin_mail(reader.pk, NOW)
    (link,) = [link for link in links_in(read_mail(mail_server.received[0].content)) if "/confirm/" in link]
    assert link in text_of(read_mail(mail_server.received[0].content), "html")
    assert confirm(token_in(link), NOW + MINUTE)
    reader.refresh_from_db()
    assert reader.is_active
    assert reader.confirmed_at == NOW + MINUTE


def test_a_confirmation_holds_nothing_the_visitor_typed_but_the_address_it_goes_to(mail_server: MailServer) -> None:
    send_optin_mail(ask("Buy-Pills.at+Spam@Evil.example.org").pk, NOW)
    letter = read_mail(mail_server.received[0].content)
    assert letter["To"] == "Buy-Pills.at+Spam@Evil.example.org"
    del letter["To"]
    said = [*map(str, letter.values()), text_of(letter), text_of(letter, "html")]
    for typed in ("pills", "spam", "evil"):
        assert not any(typed in part.lower() for part in said)


def test_an_opt_in_mail_is_no_list_mail(mail_server: MailServer) -> None:
    send_optin_mail(ask().pk, NOW)
    letter = read_mail(mail_server.received[0].content)
    assert letter["List-Unsubscribe"] is None
    assert letter["Auto-Submitted"] == "auto-generated"


def test_an_active_reader_is_told_so_and_stays_active(mail_server: MailServer) -> None:
    reader = make_reader(email=ADDRESS)
    assert ask() == reader
    assert send_due(NOW) == 1
    letter = read_mail(mail_server.received[0].content)
    assert "already" in str(letter["Subject"])
    links = links_in(letter)
    assert preferences_url(reader, NOW) in links
    assert unsubscribe_url(reader, NOW) in links
    assert not any("/confirm/" in link for link in links)
    reader.refresh_from_db()
    assert reader.is_active


def test_the_same_clock_makes_the_same_message(outbox: Path) -> None:
    reader = ask()
    send_optin_mail(reader.pk, NOW)
    (first,) = outbox.glob("*.html")
    html = first.read_bytes()
    for path in outbox.iterdir():
        path.unlink()
    Subscriber.objects.update(optin_mail_due_at=NOW)
    send_optin_mail(reader.pk, NOW)
    assert first.read_bytes() == html


# --- Sending once -------------------------------------------------------------------------------------------------


def test_sending_twice_sends_once(mail_server: MailServer) -> None:
    reader = ask()
    assert send_optin_mail(reader.pk, NOW)
    assert not send_optin_mail(reader.pk, NOW)
    assert send_due(NOW) == 0
    assert send_due(NOW + 30 * DAY) == 0
    assert len(mail_server.received) == 1


def test_nothing_is_sent_before_it_is_due(mail_server: MailServer) -> None:
    reader = ask(at=NOW + MINUTE)
    assert not send_optin_mail(reader.pk, NOW)
    assert send_due(NOW) == 0
    assert mail_server.received == []


def test_a_reader_who_is_gone_is_no_error() -> None:
    assert not send_optin_mail(404, NOW)


class MeddlingBackend(BaseEmailBackend):
    """While it sends, something else happens: what `meanwhile` does."""

    sent = 0
    outcomes: list[bool] = []
    reader_id = 0

    def send_messages(self, email_messages: object) -> int:
        type(self).sent += 1
        type(self).outcomes += [send_optin_mail(self.reader_id, NOW), bool(send_due(NOW + MINUTE))]
        return 1


def test_while_one_process_sends_no_other_one_does(settings: Settings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.MeddlingBackend"
    MeddlingBackend.sent, MeddlingBackend.outcomes, MeddlingBackend.reader_id = 0, [], ask().pk
    assert send_optin_mail(MeddlingBackend.reader_id, NOW)
    assert MeddlingBackend.outcomes == [False, False]
    assert MeddlingBackend.sent == 1


class KilledBackend(BaseEmailBackend):
    """The process ends here."""

    def send_messages(self, email_messages: object) -> int:
        raise KeyboardInterrupt


def test_a_process_that_dies_while_sending_loses_nothing(settings: Settings, mail_server: MailServer) -> None:
    reader = ask()
    usual, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, f"{__name__}.KilledBackend"
    with pytest.raises(KeyboardInterrupt):
        send_optin_mail(reader.pk, NOW)
    settings.EMAIL_BACKEND = usual
    assert send_due(NOW + LEASE - MINUTE) == 0
    assert send_due(NOW + LEASE) == 1
    assert len(mail_server.received) == 1


class ConfirmingBackend(BaseEmailBackend):
    """So quick that the reader has confirmed, and asked again, before the sender notes that the mail went out."""

    def send_messages(self, email_messages: object) -> int:
        confirm(confirmation_of(Subscriber.objects.get()), NOW)
        ask()
        return 1


def test_noting_that_a_mail_went_out_overwrites_nothing_newer(settings: Settings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.ConfirmingBackend"
    reader = ask()
    assert send_optin_mail(reader.pk, NOW)
    reader.refresh_from_db()
    assert reader.is_active
    assert reader.optin_mail_due_at == NOW
    assert reader.optin_mail_sent_at is None


# --- Trouble ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reply", ["451 try again later", "421 closing"])
def test_a_mail_refused_for_now_is_due_again_after_the_lease(reply: str, mail_server: MailServer) -> None:
    mail_server.replies = [reply]
    reader = ask()
    assert send_due(NOW) == 0
    assert send_due(NOW + LEASE - MINUTE) == 0
    assert send_due(NOW + LEASE) == 1
    assert send_due(NOW + 2 * LEASE) == 0
    assert [envelope.rcpt_tos for envelope in mail_server.received] == [[reader.email]]


def test_a_mail_refused_for_good_is_not_tried_for_ever(mail_server: MailServer) -> None:
    mail_server.replies = ["550 no such user"]
    reader = ask()
    for days in range(10):
        assert send_due(NOW + days * DAY) == 0
    assert mail_server.received == []
    reader.refresh_from_db()
    assert reader.status == Subscriber.Status.PENDING
    assert reader.optin_mail_due_at is None


def test_asking_again_after_a_refusal_waits_a_day_like_after_a_mail(mail_server: MailServer) -> None:
    mail_server.replies = ["550 no such user"]
    ask()
    send_due(NOW)
    ask(at=NOW + MINUTE)
    assert send_due(NOW + MINUTE) == 0
    ask(at=NOW + DAY)
    assert send_due(NOW + DAY) == 1


def test_a_mail_that_may_have_left_is_not_repeated(settings: Settings, mail_server: MailServer) -> None:
    mail_server.replies = ["999 what"]
    ask()
    for minutes in range(0, 60, 5):
        assert send_due(NOW + minutes * MINUTE) == 0
    assert mail_server.received == []


def test_a_mail_that_cannot_be_delivered_is_given_up_when_its_link_would_be_of_no_use(settings: Settings) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = "mail.backends.SmtpBackend", "127.0.0.1", 1
    reader = ask()
    send_due(NOW)
    reader.refresh_from_db()
    assert reader.optin_mail_due_at == NOW + LEASE
    send_due(NOW + 8 * DAY)
    reader.refresh_from_db()
    assert reader.optin_mail_due_at is None


def test_with_no_mail_server_nothing_is_lost(settings: Settings, mail_server: MailServer) -> None:
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    readers = [ask(f"reader{number}@example.org") for number in range(3)]
    assert send_due(NOW) == 0
    settings.EMAIL_PORT = port
    assert send_due(NOW + LEASE) == 3
    assert sorted(envelope.rcpt_tos[0] for envelope in mail_server.received) == [reader.email for reader in readers]


def test_one_refused_mail_does_not_hold_up_the_others(mail_server: MailServer) -> None:
    mail_server.replies = ["550 no such user", "451 not now"]
    for number in range(5):
        ask(f"reader{number}@example.org", at=NOW + timedelta(seconds=number))
    assert send_due(NOW + MINUTE) == 3
    assert [envelope.rcpt_tos[0] for envelope in mail_server.received] == [
        "reader2@example.org",
        "reader3@example.org",
        "reader4@example.org",
    ]


# --- Confirming ---------------------------------------------------------------------------------------------------


def test_confirming_twice_is_one_confirmation() -> None:
    reader = ask()
    token = confirmation_of(reader)
    assert confirm(token, NOW)
    assert not confirm(token, NOW + MINUTE)
    reader.refresh_from_db()
    assert reader.confirmed_at == NOW
    assert events(reader) == [("requested", "form"), ("confirmed", "link")]


def test_confirming_makes_a_waiting_mail_needless(mail_server: MailServer) -> None:
    reader = ask()
    confirm(confirmation_of(reader), NOW)
    assert send_due(NOW + DAY) == 0
    assert mail_server.received == []


@pytest.fixture
def heard() -> Iterator[list[int]]:
    """The ids of the readers of whom it was said that they confirmed."""
    ids: list[int] = []

    def hear(subscriber_id: int, **_: object) -> None:
        ids.append(subscriber_id)

    signals.confirmed.connect(hear)
    yield ids
    signals.confirmed.disconnect(hear)


def test_a_confirmation_is_told_once_after_it_is_committed(
    heard: list[int], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    reader = ask()
    with django_capture_on_commit_callbacks(execute=True):
        confirm(confirmation_of(reader), NOW)
        assert heard == []
    assert heard == [reader.pk]
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        confirm(confirmation_of(reader), NOW)
    assert callbacks == []


def test_a_confirmation_link_lasts_a_week() -> None:
    token = confirmation_of(ask())
    assert read_confirmation(token, NOW + 7 * DAY)
    with pytest.raises(LinkExpired):
        read_confirmation(token, NOW + 7 * DAY + MINUTE)
    with pytest.raises(LinkExpired):
        confirm(token, NOW + 7 * DAY + MINUTE)
    assert not Subscriber.objects.active().exists()


def test_looking_at_a_confirmation_changes_nothing() -> None:
    reader = ask()
    read_confirmation(confirmation_of(reader), NOW)
    reader.refresh_from_db()
    assert reader.status == Subscriber.Status.PENDING


def test_an_address_suppressed_in_between_cannot_confirm() -> None:
    reader = ask()
    suppress()
    with pytest.raises(LinkInvalid):
        confirm(confirmation_of(reader), NOW)
    reader.refresh_from_db()
    assert reader.status == Subscriber.Status.PENDING


def test_a_confirmation_of_somebody_who_is_gone_is_invalid() -> None:
    reader = ask()
    token = confirmation_of(reader)
    reader.delete()
    with pytest.raises(LinkInvalid):
        confirm(token, NOW)


def test_one_reader_s_confirmation_confirms_nobody_else() -> None:
    ada, alan = ask("ada@example.org"), ask("alan@example.org")
    confirm(confirmation_of(ada), NOW)
    alan.refresh_from_db()
    assert not alan.is_active


# --- Leaving, and coming back -------------------------------------------------------------------------------------


def test_leaving_twice_is_leaving_once() -> None:
    reader = make_reader()
    unsubscribe(reader, source="one-click", at=NOW)
    unsubscribe(reader, source="page", at=NOW + MINUTE)
    reader.refresh_from_db()
    assert reader.status == Subscriber.Status.UNSUBSCRIBED
    assert reader.unsubscribed_at == NOW
    assert events(reader) == [("unsubscribed", "one-click")]


def test_who_left_before_confirming_gets_no_mail(mail_server: MailServer) -> None:
    reader = ask()
    unsubscribe(reader, source="page", at=NOW)
    assert send_due(NOW + DAY) == 0
    assert mail_server.received == []


def test_an_old_confirmation_link_brings_nobody_back() -> None:
    reader = ask()
    old = confirmation_of(reader)
    confirm(old, NOW)
    unsubscribe(reader, source="page", at=NOW)
    with pytest.raises(LinkInvalid):
        confirm(old, NOW + MINUTE)
    ask(at=NOW + MINUTE)
    with pytest.raises(LinkInvalid):
        confirm(old, NOW + MINUTE)
    assert not Subscriber.objects.active().exists()


def test_who_left_can_come_back_by_signing_up_and_confirming(mail_server: MailServer) -> None:
    reader = make_reader(email=ADDRESS, interests="graphs")
    unsubscribe(reader, source="page", at=NOW)
    assert ask(at=NOW + MINUTE).status == Subscriber.Status.PENDING
    assert send_due(NOW + MINUTE) == 1
    (link,) = [link for link in links_in(read_mail(mail_server.received[0].content)) if "/confirm/" in link]
    assert confirm(token_in(link), NOW + 2 * MINUTE)
    reader.refresh_from_db()
    assert reader.is_active
    assert reader.confirmed_at == NOW + 2 * MINUTE
    assert reader.interests == "graphs"


# --- Logs ---------------------------------------------------------------------------------------------------------


def test_no_address_stands_in_the_log(mail_server: MailServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    mail_server.replies = [f"451 {ADDRESS} is greylisted", f"550 <{ADDRESS}> unknown", "250 OK"]
    reader = ask()
    send_due(NOW)
    send_due(NOW + LEASE)
    ask(at=NOW + 2 * DAY)
    send_due(NOW + 2 * DAY)
    confirm(confirmation_of(reader, NOW + DAY), NOW + DAY)
    unsubscribe(reader, source="page", at=NOW + DAY)
    # mail.log is the test's own mail server.
    ours = [record for record in caplog.records if record.name != "mail.log"]
    said = "\n".join(logging.Formatter().format(record) for record in ours)
    assert f"reader {reader.pk} was not accepted: SMTP 451" in said
    assert f"reader {reader.pk} was not accepted: SMTP 550" in said
    assert "visitor" not in said
    assert len(mail_server.received) == 1
