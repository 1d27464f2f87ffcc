from asyncio import WriteTransport

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from django.core.mail.backends.base import BaseEmailBackend
from pytest_django import Settings

from mail.outcomes import AccountBroken, HandOverError, NotSent, Refused, RefusedForNow, Uncertain
from mail.transport import Mailer
from tests.conftest import MailServer, serving_mail
from tests.mail.letters import READER, closed_port, hand_over, make_letter


class PickyServer(MailServer):
    """Answers each step with what it was told; drops the connection where a reply is None."""

    def __init__(self, **answers: str | None) -> None:
        super().__init__()
        self.answers = answers
        self.peers: set[object] = set()

    async def _answer(self, step: str, server: SMTP, session: Session, usual: str) -> str:
        self.peers.add(session.peer)
        reply = self.answers.get(step, usual)
        if reply is None:
            assert isinstance(server.transport, WriteTransport)
            server.transport.abort()
            return "421 gone"
        return reply

    async def handle_MAIL(  # noqa: N802  aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = await self._answer("mail", server, session, "250 OK")
        envelope.mail_from = address if reply.startswith("2") else None
        return reply

    async def handle_RCPT(  # noqa: N802  aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = await self._answer("rcpt", server, session, "250 OK")
        envelope.rcpt_tos += [address] if reply.startswith("2") else []
        return reply

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's
        return await self._answer("data", server, session, await super().handle_DATA(server, session, envelope))


def refused_connection(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "mail.backends.SmtpBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", closed_port()


# --- SMTP ---------------------------------------------------------------------------------------------------------


def test_an_accepted_message_arrives_once(mail_server: MailServer) -> None:
    assert hand_over() == ""
    assert [envelope.rcpt_tos for envelope in mail_server.received] == [[READER]]


@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
@pytest.mark.parametrize("code", [421, 450, 451, 452])
def test_a_temporary_no_is_refused_for_now(step: str, code: int, settings: Settings) -> None:
    with (
        serving_mail(settings, PickyServer(**{step: f"{code} {READER} not now"})),
        pytest.raises(RefusedForNow, match=rf"^SMTP {code} … not now$") as caught,
    ):
        hand_over()
    assert not caught.value.permanent


@pytest.mark.parametrize("step", ["rcpt", "data"])
@pytest.mark.parametrize("code", [550, 552, 553, 554])
def test_a_permanent_no_is_refused(step: str, code: int, settings: Settings) -> None:
    with (
        serving_mail(settings, PickyServer(**{step: f"{code} {READER} never"})),
        pytest.raises(Refused, match=rf"^SMTP {code} … never$") as caught,
    ):
        hand_over()
    assert caught.value.permanent


@pytest.mark.parametrize("code", [530, 550, 553])
def test_a_no_to_the_sender_is_about_the_account_and_not_about_the_message(code: int, settings: Settings) -> None:
    server = PickyServer(mail=f"{code} no")
    with serving_mail(settings, server), pytest.raises(AccountBroken, match=rf"^SMTP {code} no$"):
        hand_over()


def test_a_wrong_password_is_about_the_account(settings: Settings) -> None:
    def reject(*_: object) -> AuthResult:
        return AuthResult(success=False, handled=False)

    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "user", "wrong"
    server = MailServer()
    with (
        serving_mail(settings, server, authenticator=reject, auth_require_tls=False),
        pytest.raises(AccountBroken, match=r"^SMTP 535 5\.7\.8 Authentication credentials invalid$"),
    ):
        hand_over()
    assert server.received == []


def test_no_connection_is_not_sent(settings: Settings) -> None:
    refused_connection(settings)
    with pytest.raises(NotSent, match=r"^ConnectionRefusedError$"):
        hand_over()


def test_no_connection_the_second_time_is_not_sent_either(settings: Settings) -> None:
    refused_connection(settings)
    mailer = Mailer()
    for _ in range(2):
        with pytest.raises(NotSent):
            mailer.open()
    with pytest.raises(NotSent):
        mailer.hand_over(make_letter())


@pytest.mark.parametrize("step", ["mail", "rcpt"])
def test_a_connection_lost_on_the_way_is_not_taken_for_an_answer(step: str, settings: Settings) -> None:
    with serving_mail(settings, PickyServer(**{step: None})), pytest.raises(HandOverError) as caught:
        hand_over()
    assert not caught.value.permanent


def test_a_connection_lost_after_the_message_leaves_it_uncertain(settings: Settings) -> None:
    server = PickyServer(data=None)
    with serving_mail(settings, server), pytest.raises(Uncertain, match=r"^SMTPServerDisconnected$") as caught:
        hand_over()
    assert len(server.received) == 1
    assert not caught.value.permanent


def test_an_answer_that_makes_no_sense_leaves_it_uncertain(settings: Settings) -> None:
    with serving_mail(settings, PickyServer(data="399 perhaps")), pytest.raises(Uncertain, match=r"^SMTP 399 perhaps$"):
        hand_over()


def test_one_connection_carries_many_messages(settings: Settings) -> None:
    server = PickyServer()
    with serving_mail(settings, server), Mailer() as mailer:
        for number in range(5):
            mailer.hand_over(make_letter(reference=f"delivery-{number}"))
    assert len(server.received) == 5
    assert len(server.peers) == 1


def test_after_trouble_the_next_message_goes_over_a_new_connection(settings: Settings) -> None:
    server = PickyServer()
    server.replies = ["421 closing"]
    with serving_mail(settings, server), Mailer() as mailer:
        with pytest.raises(RefusedForNow):
            mailer.hand_over(make_letter(reference="delivery-1"))
        mailer.hand_over(make_letter(reference="delivery-2"))
    assert len(server.received) == 1
    assert len(server.peers) == 2


def test_a_server_that_is_gone_at_the_end_does_no_harm(settings: Settings) -> None:
    mailer = Mailer()
    with serving_mail(settings, MailServer()):
        mailer.hand_over(make_letter())
    mailer.close()
    mailer.close()


@pytest.mark.parametrize(
    "to", ["", "reader@example.org\r\n", "one@example.org, two@example.org", "Reader <reader@example.org>"]
)
def test_a_message_goes_to_one_plain_address_or_nowhere(to: str, mail_server: MailServer) -> None:
    with Mailer() as mailer, pytest.raises(Refused, match="not one address"):
        mailer.hand_over(make_letter(to=to))
    assert mail_server.received == []


# --- SMTP, several commands at once -------------------------------------------------------------------------------


class PipeliningServer(PickyServer):
    """Takes several commands at once, and counts how much content it was given."""

    async def handle_EHLO(  # noqa: N802  aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]


def test_a_server_that_takes_several_commands_at_once_gets_the_message_once(settings: Settings) -> None:
    server = PipeliningServer()
    with serving_mail(settings, server), Mailer() as mailer:
        for number in range(3):
            mailer.hand_over(make_letter(to=READER, reference=f"delivery-{number}"))
    assert [envelope.rcpt_tos for envelope in server.received] == [[READER]] * 3
    assert len(server.peers) == 1


@pytest.mark.parametrize("kind", [PickyServer, PipeliningServer])
def test_an_address_that_is_forwarded_is_accepted_like_any_other(kind: type[PickyServer], settings: Settings) -> None:
    server = kind(rcpt="251 not here; will forward", data="251 fine")
    with serving_mail(settings, server):
        hand_over()
    (envelope,) = server.received
    assert b"One paper." in (envelope.original_content or b"")


@pytest.mark.parametrize("kind", [PickyServer, PipeliningServer])
@pytest.mark.parametrize(("step", "expected"), [("mail", AccountBroken), ("rcpt", Refused)])
def test_after_a_refusal_the_connection_serves_the_next_message(
    kind: type[PickyServer], step: str, expected: type[HandOverError], settings: Settings
) -> None:
    server = kind(**{step: "550 no"})
    with serving_mail(settings, server), Mailer() as mailer:
        with pytest.raises(expected):
            mailer.hand_over(make_letter(reference="delivery-1"))
        server.answers.clear()
        mailer.hand_over(make_letter(reference="delivery-2"))
    assert [len(envelope.rcpt_tos) for envelope in server.received] == [1]
    assert b"delivery-2" in (server.received[0].original_content or b"")
    assert len(server.peers) == 1


class Hangs(PipeliningServer):
    """Gives its answer to one step, and hangs up."""

    async def _answer(self, step: str, server: SMTP, session: Session, usual: str) -> str:
        if step not in self.answers:
            return usual
        await server.push(self.answers[step] or "421 gone")
        assert isinstance(server.transport, WriteTransport)
        server.transport.close()
        return "250 OK"


@pytest.mark.parametrize("step", ["mail", "rcpt"])
def test_who_says_421_and_hangs_up_asks_for_a_pause(step: str, settings: Settings) -> None:
    with serving_mail(settings, Hangs(**{step: "421 too much"})), pytest.raises(RefusedForNow) as caught:
        hand_over()
    assert caught.value.is_about_us


def test_who_refuses_and_hangs_up_has_refused(settings: Settings) -> None:
    with (
        serving_mail(settings, Hangs(rcpt="550 no such user")),
        pytest.raises(Refused, match=r"^SMTP 550 no such user$"),
    ):
        hand_over()


def test_a_message_that_is_too_large_is_refused_and_not_the_account(settings: Settings) -> None:
    with (
        serving_mail(settings, PickyServer(mail="552 too large")),
        pytest.raises(Refused, match=r"^SMTP 552 too large$"),
    ):
        hand_over()


# --- Any backend ----------------------------------------------------------------------------------------------------


class SilentBackend(BaseEmailBackend):
    """Says that it sent nothing, and not why."""

    def send_messages(self, email_messages: object) -> int:
        return 0


class BrokenBackend(BaseEmailBackend):
    """Fails in a way nobody thought of, and tells whom it was about."""

    def send_messages(self, email_messages: object) -> int:
        raise ZeroDivisionError(READER)


class RudeBackend(BaseEmailBackend):
    """Takes every message, and ends without a goodbye."""

    def send_messages(self, email_messages: object) -> int:
        return 1

    def close(self) -> None:
        raise ConnectionResetError


def test_a_missing_goodbye_does_not_undo_what_was_sent(settings: Settings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.RudeBackend"
    assert hand_over() == ""


@pytest.mark.parametrize("backend", [SilentBackend, BrokenBackend])
def test_what_nobody_thought_of_is_uncertain(backend: type[BaseEmailBackend], settings: Settings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.{backend.__name__}"
    with pytest.raises(Uncertain) as caught:
        hand_over()
    assert READER not in str(caught.value)
