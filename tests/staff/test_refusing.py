"""What the admin answers where it does not do what was asked: in its own frame, with a way back."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from staff.roles import EDITOR
from tests.factories import make_edition, make_paper
from tests.staff.people import PASSWORD, code_of, make_staff, secret_of, staff_client

pytestmark = pytest.mark.django_db

INDEX = "/admin/"
NOT_SAVED = "Nothing of what you sent was saved"


@pytest.fixture
def desk() -> str:
    edition = make_edition(make_paper(), status="draft")
    return reverse("admin:newsletter_edition_change", args=[edition.pk])


def in_frame(page: Any) -> bool:
    """Return whether a page stands in the admin, and not on the site for readers."""
    text = page.content.decode()
    return 'id="nav-sidebar' in text and f'href="{INDEX}"' in text and "you@example" not in text


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        ("/admin/auth/user/", 403, "Your role does not open this page"),
        ("/admin/papers/nonsense/", 404, "There is no page at this address"),
        ("/admin/dashboard/nonsense/", 404, "There is no page at this address"),
    ],
)
def test_what_is_shut_or_not_there_is_told_inside_the_admin(path: str, status: int, word: str) -> None:
    page = staff_client(EDITOR).get(path)
    assert page.status_code == status
    assert word in page.content.decode()
    assert in_frame(page)


def test_a_button_opened_like_a_page_says_so(desk: str) -> None:
    page = staff_client(EDITOR).get(desk.replace("change", "words"))
    assert page.status_code == 405
    assert page.headers["Allow"] == "POST"
    assert "cannot be opened" in page.content.decode()
    assert in_frame(page)


def test_a_refusal_is_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    staff_client(EDITOR).get("/admin/auth/user/")
    assert [record.getMessage() for record in caplog.records] == ["Forbidden: /admin/auth/user/"]
    assert not caplog.records[0].exc_info


def test_strangers_learn_nothing_of_which_pages_there_are(client: Client) -> None:
    for path in ("/admin/auth/user/", "/admin/papers/nonsense/"):
        assert client.get(path).headers["Location"].startswith("/admin/login/")


def sent_too_late(client: Client, desk: str, **headers: str) -> Any:
    """Send the words of an edition when the session is over; return where that leads."""
    return client.post(desk.replace("change", "words"), {"opening_line": "Hello"}, headers=headers)


def wanted(answer: Any) -> str:
    return str(parse_qs(urlsplit(answer.headers["Location"]).query)["next"][0])


def test_who_sends_a_form_after_the_session_ended_comes_back_to_its_page_and_is_told(client: Client, desk: str) -> None:
    editor = make_staff(EDITOR)
    secret = secret_of(editor)
    page = f"{desk}?part=words"
    answer = sent_too_late(client, desk, referer=f"http://testserver{page}")
    assert wanted(answer) == page

    client.post("/staff/login/", {"login": editor.username, "password": PASSWORD, "next": page})
    back: Any = client.post("/staff/second-factor/code/", {"code": code_of(secret)}, follow=True)
    assert back.status_code == 200
    assert back.request["PATH_INFO"] == desk
    assert NOT_SAVED in back.content.decode()


@pytest.mark.parametrize("referer", ["", "https://elsewhere.example/admin/", "nonsense"])
def test_a_form_that_came_from_nowhere_known_leads_to_the_dashboard(client: Client, desk: str, referer: str) -> None:
    assert wanted(sent_too_late(client, desk, **({"referer": referer} if referer else {}))) == INDEX


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_part_of_a_page_that_comes_too_late_leads_the_whole_page_away(method: str, client: Client, desk: str) -> None:
    """What is asked for by a script would stand in the page: the log-in page in place of the papers."""
    headers = {"referer": f"http://testserver{desk}", "HX-Request": "true"}
    answer = getattr(client, method)(desk.replace("change", "words"), headers=headers)
    assert answer.status_code == 200
    assert answer.headers["HX-Redirect"] == f"/admin/login/?next={desk}"
    assert answer.content == b""
    assert ("messages" in answer.cookies) == (method == "post")


def test_who_logs_out_after_the_session_ended_is_told_nothing_of_saving(client: Client) -> None:
    assert "messages" not in client.post("/admin/logout/").cookies


def test_who_only_opens_a_page_is_told_nothing_of_saving(client: Client, desk: str) -> None:
    answer = client.get(desk)
    assert wanted(answer) == desk
    assert "messages" not in answer.cookies
