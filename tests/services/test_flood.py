"""Ten thousand sign-ups for ten people who did not ask."""

import logging
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from subscribers import abuse
from subscribers.models import ConsentEvent, SignUp, Subscriber
from subscribers.optin import answer_sign_ups
from tests.conftest import MailServer
from tests.subscribers.asking import send_due
from tests.subscribers.signing_up import sign_up
from tests.subscribers.test_abuse import challenge_in, solve

pytestmark = [pytest.mark.services, pytest.mark.django_db]

SIGN_UPS, VICTIMS, DAYS = 10_000, 10, 5


def spelling(number: int) -> str:
    """One of many addresses that end in the mailbox of one of the victims."""
    victim = f"victim{number % VICTIMS}"
    labels = f"+{number}" if number % 3 else ""
    return f"{'.'.join(victim)}{labels}@gmail.com" if number % 2 else f"{victim}{labels}@googlemail.com"


def caller(number: int) -> str:
    return f"{number % 200 + 1}.{number // 200 % 250}.{number % 7}.1"


def test_a_flood_reaches_each_victim_as_often_as_the_caps_allow_and_keeps_nobody_out(
    mail_server: MailServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(abuse, "COST", 1)
    caplog.set_level(logging.ERROR)  # twenty thousand lines say the same
    browser = Client()
    passed = 0
    for day in range(DAYS):
        for number in range(day * SIGN_UPS // DAYS, (day + 1) * SIGN_UPS // DAYS):
            answer = sign_up(browser, spelling(number), caller=caller(number))
            # A flood that has the computing power to go on.
            if answer.status_code == 403 and number % 33 == 0:
                fields = {"email": spelling(number), "solution": solve(challenge_in(answer))}
                answer = browser.post("/subscribe/", fields)  # type: ignore[assignment]  # the same kind of answer
            passed += answer.status_code == 302
        at = timezone.now() + timedelta(days=day)
        while answer_sign_ups(at):
            pass
        while send_due(at):
            pass

    assert passed > 600
    letters = [envelope.rcpt_tos[0] for envelope in mail_server.received]
    victims = [letter.partition("@")[0].partition("+")[0].replace(".", "") for letter in letters]
    # Once a day, three times in a month; and five days have passed.
    assert {victim: victims.count(victim) for victim in set(victims)} == {f"victim{n}": 3 for n in range(VICTIMS)}
    assert not SignUp.objects.exists()
    # What a flood leaves behind does not grow with it.
    assert Subscriber.objects.count() <= 3 * VICTIMS
    assert ConsentEvent.objects.count() <= 3 * VICTIMS

    # Everybody else gets in meanwhile: by a sum, since so many asked within the hour.
    answer = sign_up(browser, "somebody.else@example.org", caller="203.0.113.5")
    assert answer.status_code == 403
    browser.post("/subscribe/", {"email": "somebody.else@example.org", "solution": solve(challenge_in(answer))})
    answer_sign_ups(timezone.now())
    send_due(timezone.now())
    assert mail_server.received[-1].rcpt_tos == ["somebody.else@example.org"]
