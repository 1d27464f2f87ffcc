"""What the letters say: all of them, in both parts, at the length that an inbox shows."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from mail.message import Body, render_body
from subscribers.changing_address import ask_to_change
from subscribers.emails import letter_context
from subscribers.links import confirm_url, preferences_url, unsubscribe_url
from subscribers.models import Letter, Subscriber
from tests.conftest import NOW
from tests.factories import make_reader
from tests.letters import LINK
from tests.subscribers.asking import DAY, write

pytestmark = pytest.mark.django_db

WHY = "Papers are listed Monday to Friday, and this digest would have been about a Saturday & <more>."
WORDS = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
KINDS = list(Letter.Kind)


@pytest.fixture(autouse=True)
def _an_address_of_several_words(settings: Settings) -> None:
    settings.POSTAL_ADDRESS = "Paper & Route, 1 Printer's Lane, Upper Papertown on the Very Long River, Countryland"


class Page(HTMLParser):
    """The HTML part as its reader has it: the links, the words that are seen, and those only lists of mail show."""

    HIDDEN = re.compile(r"display:\s*none")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.seen: list[str] = []
        self.unseen: list[str] = []
        self._hidden: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a":
            self.links.append(given["href"] or "")
        if tag in {"head", "style"} or (
            tag == "div" and (self._hidden or self.HIDDEN.search(given.get("style") or ""))
        ):
            self._hidden.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._hidden and self._hidden[-1] == tag:
            self._hidden.pop()

    def handle_data(self, data: str) -> None:
        if self._hidden:
            if self._hidden[0] == "div":
                self.unseen.append(data)
        else:
            self.seen.append(data)


def letter(kind: str, **wishes: Any) -> Letter:
    status = "pending" if kind == "confirmation" else "unsubscribed" if kind == "goodbye" else "active"
    reader = make_reader(status=status, **wishes)
    if kind == "new_address":
        ask_to_change(reader, "new@example.org", NOW)
        return Letter.objects.get(subscriber=reader)
    return write(kind, reader, why=WHY if kind == "nothing_new" else "")


def body_of(written: Letter) -> Body:
    return render_body(written.kind, letter_context(written, NOW))


def words(text: str) -> list[str]:
    return WORDS.findall(LINK.sub(" ", text))


# --- Each of them -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_says_the_same_in_both_parts_word_for_word(kind: str) -> None:
    body = body_of(letter(kind))
    # Above it all stands the name of the newsletter.
    assert words(" ".join(Page(body.html).seen)) == ["Paper", "Route", *words(body.text)]
    end = words(f"Paper Route {django_settings.POSTAL_ADDRESS}")
    assert words(body.text)[-len(end) :] == end


@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_has_the_same_links_in_both_parts(kind: str) -> None:
    body = body_of(letter(kind))
    links = set(LINK.findall(body.text))
    assert links == set(Page(body.html).links)
    assert f"{django_settings.SITE_URL}/" in links
    assert all(link.startswith(django_settings.SITE_URL) for link in links)


LINKS_IN = {
    "confirmation": {"confirm"},
    "already_subscribed": {"preferences", "u"},
    "new_address": {"new-address"},
    "address_changed": {"u"},
    "welcome": {"preferences", "u"},
    # Who left has nothing to tune, and left already.
    "goodbye": set(),
    "nothing_new": {"preferences", "u"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_leads_where_it_should_and_nowhere_else(kind: str) -> None:
    links = LINK.findall(body_of(letter(kind)).text)
    pages = {link.removeprefix(django_settings.SITE_URL).split("/")[1] for link in links}
    assert pages - {""} == LINKS_IN[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_subject_and_preview_are_as_long_as_an_inbox_shows(kind: str) -> None:
    body = body_of(letter(kind))
    preview = " ".join(" ".join(Page(body.html).unseen).split())
    assert 10 <= len(body.subject.strip()) <= 60
    assert "\n" not in body.subject.strip()
    assert 40 <= len(preview) <= 90
    assert f"<title>{body.subject.strip()}</title>" in re.sub(r"\s*(</?title>)\s*", r"\1", body.html)


@pytest.mark.parametrize("kind", KINDS)
def test_no_line_of_the_text_is_longer_than_a_screen_but_for_links(kind: str) -> None:
    wishes: dict[str, Any] = {"time_zone": "America/Argentina/ComodRivadavia", "cadence": "weekly", "weekday": 2}
    for line in body_of(letter(kind, **wishes)).text.splitlines():
        assert len(line) <= 78 or LINK.fullmatch(line), line
        assert line == line.rstrip()


@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_has_everything_it_needs(kind: str, settings: Settings) -> None:
    written = letter(kind)
    context = letter_context(written, NOW)
    (engine,) = settings.TEMPLATES
    settings.TEMPLATES = [engine | {"OPTIONS": engine["OPTIONS"] | {"string_if_invalid": "MISSING"}}]
    body = render_body(kind, context)
    assert "MISSING" not in body.text + body.html + body.subject
    assert "None" not in words(body.text)


# --- Some of them -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({}, "they come every day at 07:00 (UTC), if"),
        ({"hour": 0, "time_zone": "America/New_York"}, "they come every day at 00:00 (America/New York), if"),
        ({"cadence": "weekdays", "time_zone": "Asia/Tokyo"}, "they come Monday to Friday at 07:00 (Asia/Tokyo), if"),
        ({"cadence": "weekly", "weekday": 3}, "they come every Thursday at 07:00 (UTC), if"),
        ({"time_zone": "Mars/Olympus"}, "they come every day at 07:00 (UTC), if"),
    ],
)
def test_a_welcome_says_when_digests_come_where_the_reader_is(wishes: dict[str, object], said: str) -> None:
    reader = make_reader()
    Subscriber.objects.update(**wishes)
    reader.refresh_from_db()
    text = " ".join(body_of(write("welcome", reader)).text.split())
    assert said in text
    assert "on its way to you now" in text


def test_a_welcome_in_a_pause_promises_nothing_for_now() -> None:
    text = " ".join(body_of(letter("welcome", paused_until=(NOW + 9 * DAY).date())).text.split())
    assert "a pause until 2 December 2026. From then on digests come every day at 07:00 (UTC)" in text
    assert "on its way" not in text
    assert "on its way" in body_of(letter("welcome", paused_until=NOW.date())).text


def test_a_quiet_day_is_explained_in_both_parts_and_escaped_in_one() -> None:
    body = body_of(letter("nothing_new"))
    assert "Saturday & <more>." in " ".join(body.text.split())
    assert "Saturday &amp; &lt;more&gt;." in body.html


def test_links_speak_for_the_reader_whom_the_letter_is_for() -> None:
    written = letter("welcome")
    text = body_of(written).text
    assert preferences_url(written.subscriber, NOW) in text
    assert unsubscribe_url(written.subscriber, NOW) in text
    assert confirm_url(letter("confirmation").subscriber, NOW) not in text
