"""What stands between programs and other people's inboxes. Every layer ends in a challenge, none in an error."""

import base64
import json
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

import pytest
from altcha import Challenge, Payload, solve_challenge
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from subscribers import abuse
from subscribers.callers import caller_of
from subscribers.models import SignUp, UsedChallenge
from tests.conftest import NOW
from tests.subscribers.signing_up import ADDRESS, fill_in, sign_up

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _easy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums that take no time; the tests of a browser solve real ones."""
    monkeypatch.setattr(abuse, "COST", 1)


def is_challenged(response: HttpResponse) -> bool:
    return response.status_code == 403 and b"data-challenge" in response.content


def challenge_in(response: HttpResponse) -> Challenge:
    html = response.content.decode()
    raw = html.partition('data-challenge="')[2].partition('"')[0]
    return Challenge.from_dict(json.loads(raw.replace("&quot;", '"')))


def solve(challenge: Challenge) -> str:
    solution = solve_challenge(challenge)
    assert solution
    return Payload(challenge, solution).to_base64()


# --- What looks odd ---------------------------------------------------------------------------------------------


def test_a_person_meets_no_challenge(browser: Client) -> None:
    assert sign_up(browser).status_code == 302
    assert SignUp.objects.count() == 1


@pytest.mark.parametrize(
    "odd",
    [
        {"website": "https://pills.example"},
        {"stamp": ""},
        {"stamp": "forged.token.x"},
        {"stamp": abuse.make_stamp(NOW - timedelta(days=30))},
        {"seconds": 0},
        {"seconds": 25 * 60 * 60},
    ],
    ids=["bait taken", "no stamp", "forged stamp", "old stamp", "too fast", "a day later"],
)
def test_what_looks_odd_is_challenged_and_changes_nothing(odd: dict[str, Any], browser: Client) -> None:
    response = browser.post("/subscribe/", fill_in(**odd))
    assert isinstance(response, HttpResponse)
    assert is_challenged(response)
    assert not SignUp.objects.exists()
    assert not response.cookies


def test_the_stamp_of_kept_pages_is_the_same_for_an_hour_and_always_old_enough(settings: Settings) -> None:
    hour = NOW.replace(minute=0)
    stamps = {abuse.make_kept_stamp(hour + timedelta(minutes=minute)) for minute in range(1, 60)}
    assert len(stamps) == 1
    for seconds in (0, 1, 59, 60, 61, 1800, 3599):
        at = hour + timedelta(seconds=seconds)
        stamp = abuse.make_kept_stamp(at)
        assert not abuse.is_suspicious(ip_address(f"10.0.{seconds % 250}.1"), stamp=stamp, bait="", at=at)


# --- Limits -----------------------------------------------------------------------------------------------------


def count_passed(browser: Client, callers: list[str]) -> int:
    return sum(
        sign_up(browser, f"reader{n}@example.org", caller=caller).status_code == 302 for n, caller in enumerate(callers)
    )


def test_one_caller_passes_so_often_an_hour(browser: Client) -> None:
    assert count_passed(browser, ["192.0.2.7"] * 15) == 10
    assert sign_up(browser, caller="198.51.100.1").status_code == 302


def test_a_network_passes_so_often_an_hour(browser: Client) -> None:
    assert count_passed(browser, [f"192.0.2.{n}" for n in range(50)]) == 40
    assert count_passed(browser, [f"192.0.3.{n}" for n in range(5)]) == 5


def test_neighbours_in_an_ipv6_network_are_one_caller(browser: Client) -> None:
    assert count_passed(browser, [f"2001:db8:1:1::{n:x}" for n in range(15)]) == 10
    assert count_passed(browser, [f"2001:db8:1:{n:x}::1" for n in range(2, 60)]) == 30


def test_everybody_together_passes_so_often_an_hour(browser: Client, settings: Settings) -> None:
    settings.SUBSCRIBERS_LIMITS = settings.SUBSCRIBERS_LIMITS | {"everywhere": "25/hour"}
    assert count_passed(browser, [f"10.{n}.0.1" for n in range(40)]) == 25


def test_limits_that_cannot_be_counted_end_in_a_challenge(browser: Client, settings: Settings) -> None:
    settings.SUBSCRIBERS_LIMITS_STORAGE = "redis://127.0.0.1:1/0"
    assert is_challenged(sign_up(browser))


# --- Callers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proxies", "forwarded", "caller"),
    [
        (0, "203.0.113.9", "192.0.2.7"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "1.1.1.1, 203.0.113.9", "203.0.113.9"),
        (2, "1.1.1.1, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "203.0.113.9"),
        (1, "", "192.0.2.7"),
        (1, "nonsense", str(abuse.NOWHERE)),
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
    ],
)
def test_a_caller_is_who_our_own_proxies_saw(proxies: int, forwarded: str, caller: str, settings: Settings) -> None:
    settings.PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.7", HTTP_X_FORWARDED_FOR=forwarded)
    assert str(caller_of(request)) == caller


# --- The challenge ----------------------------------------------------------------------------------------------


def challenged(browser: Client) -> Challenge:
    return challenge_in(sign_up(browser, website="x", topics="7", interests="graphs"))


def test_who_does_the_sum_gets_in(browser: Client) -> None:
    solution = solve(challenged(browser))
    response = browser.post("/subscribe/", {"email": ADDRESS, "solution": solution})
    assert response.status_code == 302
    assert SignUp.objects.get().address == ADDRESS


def test_the_challenge_asks_for_nothing_twice(browser: Client) -> None:
    wishes = {"interests": "graphs & trees", "arxiv_ids": "2305.03048"}
    page = sign_up(browser, website="x", page="/topics/", **wishes).content.decode()
    for kept in (f'name="email" value="{ADDRESS}"', 'value="graphs &amp; trees"', 'value="/topics/"', '"2305.03048"'):
        assert kept in page


def test_a_sum_opens_the_door_once(browser: Client) -> None:
    fields = {"email": ADDRESS, "solution": solve(challenged(browser))}
    assert browser.post("/subscribe/", fields).status_code == 302
    again = browser.post("/subscribe/", fields)
    assert again.status_code == 403
    assert "used before" in again.content.decode()
    assert SignUp.objects.count() == 1
    assert UsedChallenge.objects.count() == 1


def test_a_sum_that_was_made_up_or_changed_opens_nothing(browser: Client) -> None:
    challenge = challenged(browser)
    solution = json.loads(base64.b64decode(solve(challenge)))
    changes = [
        ("parameters", "cost", 0),
        ("parameters", "keyPrefix", ""),
        ("parameters", "expiresAt", 99999999999),
        ("parameters", "nonce", "00" * 16),
    ]
    for part, name, value in changes:
        forged = json.loads(json.dumps(solution))
        forged["challenge"][part][name] = value
        assert not abuse.is_solved(base64.b64encode(json.dumps(forged).encode()).decode())
    wrong = json.loads(json.dumps(solution))
    wrong["solution"]["counter"] += 1
    assert not abuse.is_solved(base64.b64encode(json.dumps(wrong).encode()).decode())
    assert not UsedChallenge.objects.exists()


def test_a_sum_is_good_for_some_minutes() -> None:
    def solved(at_age: timedelta) -> bool:
        made = abuse.make_challenge(timezone.now() - at_age)
        return abuse.is_solved(solve(Challenge.from_dict(json.loads(made))))

    assert solved(timedelta(minutes=19))
    assert not solved(timedelta(minutes=21))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["challenge", "solution", "parameters", "signature", "counter", "derivedKey", "nonce", "salt"]
            )
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@hypothesis_settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON.map(json.dumps) | st.text())
def test_whatever_is_sent_for_a_sum_is_an_answer_and_no_accident(sent: str) -> None:
    assert not abuse.is_solved(base64.b64encode(sent.encode("utf-8", "surrogatepass")).decode())
    assert not abuse.is_solved(sent)
