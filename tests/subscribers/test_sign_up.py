"""The form, from the page it stands on to the row it leaves."""

import re

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from subscribers.models import ConsentEvent, SignUp, Subscriber, Suppression
from subscribers.optin import answer_sign_ups
from tests.conftest import NOW, MailServer
from tests.factories import make_reader
from tests.letters import read_mail
from tests.subscribers.asking import send_due
from tests.subscribers.signing_up import ADDRESS, fill_in, sign_up

pytestmark = pytest.mark.django_db

DISPOSABLE = "ada.lovelace@mailinator.com"


def answer_of(response: HttpResponse) -> tuple[int, list[tuple[str, str]], bytes]:
    return response.status_code, sorted(response.items()), response.content


# --- What is known of an address does not show ----------------------------------------------------------------------


def make_known(state: str) -> None:
    """Bring ADDRESS into a state."""
    if state == "suppressed":
        Suppression.objects.suppress(ADDRESS, Suppression.Reason.COMPLAINT, NOW)
    elif state in Subscriber.Status.values:
        make_reader(email=ADDRESS, status=state)


# Kinds of address, and "asked" for one that waits for its letter already.
KINDS = ["new", "asked", "pending", "active", "unsubscribed", "suppressed", "disposable"]


def sign_up_as(kind: str, browser: Client) -> HttpResponse:
    make_known(kind)
    if kind == "asked":
        sign_up(browser)
    return sign_up(browser, DISPOSABLE if kind == "disposable" else ADDRESS)


def test_every_kind_of_address_gets_the_same_bytes(browser: Client) -> None:
    answers, pages = {}, {}
    for kind in KINDS:
        Subscriber.objects.all().delete()
        Suppression.objects.all().delete()
        response = sign_up_as(kind, browser)
        answers[kind] = answer_of(response)
        page = browser.get(response["Location"])
        assert isinstance(page, HttpResponse)
        pages[kind] = answer_of(page)
    assert answers["new"][0] == 302
    assert all(answer == answers["new"] for answer in answers.values())
    assert all(page == pages["new"] for page in pages.values())


def test_every_kind_of_address_takes_the_same_work(browser: Client) -> None:
    done = {}
    sign_up(browser, "warm@example.org")
    for kind in KINDS:
        make_known(kind)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            sign_up(browser, DISPOSABLE if kind == "disposable" else ADDRESS)
        done[kind] = [re.sub(r"'[^']*'", "?", query["sql"]) for query in queries]
        Subscriber.objects.all().delete()
        Suppression.objects.all().delete()
    assert all(work == done["new"] for work in done.values())
    assert len([sql for sql in done["new"] if not sql.startswith(("SAVEPOINT", "RELEASE", "BEGIN"))]) == 1


def test_the_answer_waits_for_no_mail_server_and_no_look_up(browser: Client, settings: Settings) -> None:
    # Any attempt to send would fail.
    settings.EMAIL_BACKEND = "nowhere.Backend"
    assert sign_up(browser).status_code == 302
    assert SignUp.objects.get().address == ADDRESS
    assert not Subscriber.objects.exists()


def test_each_kind_of_address_gets_the_letter_it_should(browser: Client, mail_server: MailServer) -> None:
    subjects = {"new": "Confirm", "pending": "Confirm", "unsubscribed": "Confirm", "active": "You are already"}
    at = timezone.now()
    for kind in subjects:
        make_reader(email=f"{kind}@example.org", status=kind) if kind != "new" else None
        sign_up(browser, f"{kind}@example.org")
    Suppression.objects.suppress("suppressed@example.org", Suppression.Reason.COMPLAINT, at)
    for silent in ("suppressed@example.org", DISPOSABLE):
        sign_up(browser, silent)
    assert answer_sign_ups(timezone.now()) == 6
    assert send_due(timezone.now()) == 4
    got = {envelope.rcpt_tos[0]: str(read_mail(envelope.content)["Subject"]) for envelope in mail_server.received}
    assert set(got) == {f"{kind}@example.org" for kind in subjects}
    assert all(got[f"{kind}@example.org"].startswith(subject) for kind, subject in subjects.items())


# --- The form -------------------------------------------------------------------------------------------------------


def test_after_signing_up_one_is_told_to_check_the_inbox(browser: Client) -> None:
    response = browser.post("/subscribe/", fill_in(), follow=True)
    assert response.redirect_chain == [("/subscribe/check-your-inbox/", 302)]
    assert response.status_code == 200
    assert "inbox" in response.content.decode()
    assert "ada.lovelace" not in response.content.decode()
    assert not browser.cookies


@pytest.mark.parametrize(
    "typed",
    [
        "not-an-address",
        "two words@example.org",
        "ada@localhost",
        "a@b.example, c@d.example",
        "ada\x00@example.org",
        "a" * 65 + "@example.org",
        "ä@example.org",
    ],
)
def test_a_bad_address_is_explained_and_kept_for_correction(typed: str, browser: Client) -> None:
    response = sign_up(browser, typed)
    page = response.content.decode()
    assert response.status_code == 400
    assert 'class="errorlist"' in page
    if "\x00" not in typed:
        assert f'value="{typed}"' in page
    assert not response.cookies
    assert not SignUp.objects.exists()


def test_an_international_domain_is_welcome(browser: Client) -> None:
    assert sign_up(browser, "ada@bücher.example").status_code == 302
    assert SignUp.objects.get().address == "ada@xn--bcher-kva.example"


def test_a_label_in_the_address_is_delivered_to(browser: Client) -> None:
    sign_up(browser, "A.da+papers@gmail.com")
    assert SignUp.objects.get().address == "A.da+papers@gmail.com"


def test_no_address_at_all_is_explained(browser: Client) -> None:
    response = browser.post("/subscribe/")
    assert response.status_code == 400
    assert "Enter your email address." in response.content.decode()


def test_what_was_typed_is_text_and_no_markup(browser: Client) -> None:
    response = sign_up(browser, '"><script>alert(1)</script>')
    assert response.status_code == 400
    assert "<script>alert" not in response.content.decode()


def test_an_address_in_a_link_signs_nobody_up(browser: Client) -> None:
    response = browser.get(f"/subscribe/?email={ADDRESS}")
    assert response.status_code == 200
    assert ADDRESS not in response.content.decode()
    assert not SignUp.objects.exists()


def test_the_form_of_every_page_signs_up_from_there(browser: Client) -> None:
    page = browser.get("/topics/").content.decode()
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    assert browser.post("/subscribe/", form | {"email": ADDRESS, "time_zone": "Asia/Tokyo"}).status_code == 302
    answer_sign_ups(timezone.now())
    reader = Subscriber.objects.get()
    assert reader.time_zone == "Asia/Tokyo"
    assert reader.consent_events.get().page == "/topics/"


def test_the_ip_address_is_kept_only_where_that_is_asked_for_and_never_whole(
    browser: Client, settings: Settings
) -> None:
    sign_up(browser, caller="192.0.2.77")
    settings.SUBSCRIBERS_KEEP_IP = True
    sign_up(browser, caller="192.0.2.77")
    sign_up(browser, caller="2001:db8:1:2:3::4")
    kept = list(SignUp.objects.order_by("pk").values_list("truncated_ip", flat=True))
    assert kept == [None, "192.0.2.0", "2001:db8:1::"]
    answer_sign_ups(timezone.now())
    assert ConsentEvent.objects.count() == 1


CHOICES = ["topics", "papers", "arxiv_ids", "interests"]
TEXT = st.text(st.characters(codec="utf-8"), max_size=60)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fields=st.dictionaries(
        st.sampled_from(["email", "stamp", "website", "page", "time_zone", "solution", *CHOICES]),
        TEXT | st.just(ADDRESS) | st.integers().map(str),
        max_size=9,
    )
)
def test_whatever_is_posted_is_answered_and_what_is_refused_changes_nothing(
    fields: dict[str, str], browser: Client
) -> None:
    before = SignUp.objects.count()
    response = browser.post("/subscribe/", fields)
    assert response.status_code in {302, 400, 403}
    assert SignUp.objects.count() == before + (response.status_code == 302)
