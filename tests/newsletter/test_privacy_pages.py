import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from newsletter.models import Delivery
from subscribers.feedback import say
from subscribers.models import ConsentEvent, Subscriber, Suppression
from subscribers.optin import record
from subscribers.tokens import Purpose, make_token
from tests.factories import NOW, make_delivery, make_edition, make_paper, make_reader

pytestmark = pytest.mark.django_db

PAGES = ["privacy", "privacy_download", "privacy_erase"]


def token_of(reader: Subscriber, purpose: Purpose = Purpose.PREFERENCES) -> str:
    return make_token(purpose, str(reader.pk), timezone.now())


def url_of(page: str, reader: Subscriber) -> str:
    return reverse(page, args=[token_of(reader)])


def rows() -> Iterator[Any]:
    for model in (Subscriber, Suppression, ConsentEvent, Delivery):
        yield from model._default_manager.order_by("pk").values_list()


# --- Everything ---------------------------------------------------------------------------------------------------


def test_a_reader_sees_what_is_kept(client: Client) -> None:
    reader, paper = make_reader(email="ada@example.org", interests="engines & <looms>"), make_paper(title="A < B")
    record(reader, ConsentEvent.Kind.CONFIRMED, "link", NOW, truncated_ip="192.0.2.0")
    ConsentEvent.objects.update(page="/topics/")
    make_delivery(make_edition(paper), reader, paper)
    token = token_of(reader)
    answer = client.get(reverse("privacy", args=[token]))
    assert answer.status_code == 200
    for words in (
        *["ada@example.org", "engines &amp; &lt;looms&gt;", "Confirmed the address", "link, on /topics/", "192.0.2.0"],
        *["Daily 2026-11-23", "A &lt; B", "trending: +99 upvotes"],
    ):
        assert words in answer.text
    assert f'href="{reverse("privacy_erase", args=[token])}"' in answer.text


def test_what_a_reader_said_of_papers_is_shown_with_what_does_not_count(client: Client) -> None:
    reader, paper = make_reader(), make_paper(title="A < B")
    delivery = make_delivery(make_edition(paper), reader, paper)
    say(reader, paper, "saved", NOW)
    for kind in ("more", "less"):
        say(reader, paper, kind, NOW, delivery.pk)
    shown = " ".join(client.get(url_of("privacy", reader)).text.split())
    assert "What you said of papers (3)" in shown
    assert 'A &lt; B <span class="soft">Saved, 23 Nov 2026, 18:00</span>' in shown
    said = f"Less like this, 23 Nov 2026, 18:00, by a link in digest {delivery.pk}; pressed by a program, it seems"
    assert said in shown


def test_a_long_history_is_shown_in_part_and_downloaded_whole(client: Client) -> None:
    reader, paper = make_reader(), make_paper()
    for days in range(31):
        make_delivery(make_edition(paper, day=NOW.date() - timedelta(days=days)), reader, paper)
    shown = client.get(url_of("privacy", reader)).text
    assert shown.count("<details>") == 30
    assert "These are the latest 30 of 31." in shown
    downloaded = client.get(url_of("privacy_download", reader))
    assert len(json.loads(downloaded.content)["digests"]) == 31


def test_everything_is_downloaded_as_a_file(client: Client) -> None:
    answer = client.get(url_of("privacy_download", make_reader(email="ada@example.org")))
    assert answer["Content-Type"] == "application/json"
    assert answer["Content-Disposition"] == 'attachment; filename="paper-route.json"'
    assert json.loads(answer.content)["reader"]["address"] == "ada@example.org"


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_private_and_asking_for_it_changes_nothing(page: str, client: Client) -> None:
    url = url_of(page, make_reader())
    before = list(rows())
    for answer in (client.get(url), client.head(url)):
        assert answer.status_code == 200
        assert answer["Cache-Control"] == "no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["X-Robots-Tag"] == "noindex"
        assert not answer.cookies
    assert list(rows()) == before


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("purpose", [purpose for purpose in Purpose if purpose != Purpose.PREFERENCES])
def test_no_other_link_opens_a_page(page: str, purpose: Purpose, client: Client) -> None:
    url = reverse(page, args=[token_of(make_reader(), purpose)])
    assert client.get(url).status_code == 404
    assert client.post(url, {"sure": "yes"}).status_code in {404, 405}
    assert Subscriber.objects.exists()


@pytest.mark.parametrize("page", PAGES)
def test_an_expired_link_opens_no_page(page: str, client: Client) -> None:
    reader = make_reader()
    at = timezone.now() - settings.SUBSCRIBERS_PREFERENCES_LINK_VALID_FOR - timedelta(minutes=1)
    url = reverse(page, args=[make_token(Purpose.PREFERENCES, str(reader.pk), at)])
    assert client.get(url).status_code == 410
    client.post(url, {"sure": "yes"})
    assert Subscriber.objects.exists()


# --- Erasing ------------------------------------------------------------------------------------------------------


def test_the_page_before_says_what_stays(client: Client) -> None:
    shown = client.get(url_of("privacy_erase", make_reader())).text
    assert "A keyed hash of your address." in shown
    assert "no sign-up makes us write to you" in shown


def test_a_reader_is_erased_by_a_ticked_box_and_a_button(client: Client) -> None:
    reader, other = make_reader(email="ada@example.org"), make_reader()
    url = url_of("privacy_erase", reader)
    answer = client.post(url, {"sure": "yes"})
    assert answer.status_code == 200
    assert "Goodbye" in answer.text
    assert list(Subscriber.objects.all()) == [other]
    assert Suppression.objects.covers("ada@example.org")


def test_pressing_the_button_again_gets_the_same_page(client: Client) -> None:
    url = url_of("privacy_erase", make_reader())
    first, second = (client.post(url, {"sure": "yes"}) for _ in range(2))
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert Suppression.objects.count() == 1


@pytest.mark.parametrize("data", [{}, {"sure": ""}])
def test_nothing_is_erased_without_the_tick(data: dict[str, str], client: Client) -> None:
    url = url_of("privacy_erase", make_reader())
    before = list(rows())
    answer = client.post(url, data)
    assert answer.status_code == 400
    assert "Please tick the box first." in answer.text
    assert list(rows()) == before


def test_erasing_needs_no_cookie_and_no_csrf_token() -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post(url_of("privacy_erase", make_reader()), {"sure": "yes"}).status_code == 200
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize("page", ["privacy", "privacy_download"])
def test_after_erasing_the_links_lead_nowhere(page: str, client: Client) -> None:
    reader = make_reader()
    url = url_of(page, reader)
    client.post(url_of("privacy_erase", reader), {"sure": "yes"})
    assert client.get(url).status_code == 404


# --- The public page ----------------------------------------------------------------------------------------------


def test_anybody_can_read_what_is_kept_and_for_how_long(client: Client, settings: Settings) -> None:
    settings.SUBSCRIBERS_KEEP_PENDING = timedelta(days=123)
    settings.POSTAL_ADDRESS = "1 Printer's Lane, Papertown"
    answer = client.get(reverse("privacy_policy"))
    assert answer.status_code == 200
    assert "123 days when it is never confirmed" in answer.text
    assert "1 Printer&#x27;s Lane, Papertown" in answer.text
    assert not answer.cookies


@pytest.mark.parametrize("is_kept", [False, True])
def test_it_says_whether_ip_addresses_are_kept(is_kept: bool, client: Client, settings: Settings) -> None:
    settings.SUBSCRIBERS_KEEP_IP = is_kept
    shown = client.get(reverse("privacy_policy")).text
    assert ("without its last part" in shown) == is_kept
    assert ("is not kept with any of this" in shown) != is_kept


def test_every_page_links_to_it(client: Client) -> None:
    assert 'href="/privacy/">Privacy</a>' in client.get("/").text
