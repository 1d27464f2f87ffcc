import json
import re
from collections.abc import Sequence
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from mail.message import Message
from newsletter.choosing import Choice, PickInWords, choose_for, make_offer
from newsletter.joining import CompiledDigest, Links
from newsletter.models import Delivery
from newsletter.rendering import digest_message, personal_links, public_links, render_digest
from subscribers.models import Feedback, Subscriber
from subscribers.preferences import Preferences
from tests.factories import NOW, make_delivery, make_edition, make_paper, make_reader
from tests.mail.parity import every_form_says_the_same

SAYINGS = ("More like this", "Less like this", "Save")
LINKS = Links(*[f"https://example.org/{page}" for page in ("u", "p", "d", "s", "i", "f")])
# What XML cannot hold never gets past ingestion.
text = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cn"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=200
)


class TextOnly(HTMLParser):
    """What a reader of the HTML sees, as one string."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = ""

    def handle_data(self, data: str) -> None:
        self.seen += data


def visible(source: str) -> str:
    parser = TextOnly()
    parser.feed(source)
    return " ".join(parser.seen.split())


def mail_of(delivery: Delivery, reader: Subscriber) -> Message:
    """The mail of a delivery, as it would leave now."""
    return digest_message(delivery, reader, CompiledDigest(delivery.edition.fragments, is_own=True), NOW)


def picks(*papers: int, reason: str = "trending", also: Sequence[int] = ()) -> Choice:
    made: list[PickInWords] = [
        {"paper_id": paper, "score": 1.0, "reason": reason, "basis": "trending"} for paper in papers
    ]
    return Choice(made, list(also))


@pytest.mark.django_db
def test_a_digest_holds_its_picks_in_their_order_and_nothing_else() -> None:
    first, second, third = (make_paper(title=title) for title in ("Alpha", "Beta", "Gamma"))
    body = render_digest(make_edition(first, second, third).fragments, picks(third.pk, first.pk), LINKS)
    for part in (visible(body.html), body.text):
        assert part.rindex("Gamma") < part.rindex("Alpha")
        assert "Beta" not in part
        assert "2 papers" in part
    assert body.subject == "Gamma, and 1 more"


@pytest.mark.django_db
def test_the_paper_from_outside_stands_apart_and_what_is_only_named_comes_last() -> None:
    papers = [make_paper(title=title) for title in ("Alpha", "Beta", "Gamma", "Delta")]
    alpha, beta, gamma, delta = (paper.pk for paper in papers)
    chosen = picks(alpha, beta, also=[delta, gamma])
    chosen.picks[-1]["basis"] = "outside"
    body = render_digest(make_edition(*papers).fragments, chosen, LINKS)
    for part in (visible(body.html), body.text):
        told = part[part.index("Of these two papers") :].casefold()
        order = ["alpha", "and one from outside", "beta", "also trending", "delta", "gamma", "you get this because"]
        assert [told.index(words) for words in order] == sorted(told.index(words) for words in order)
        assert "summary of paper" not in told[told.index("also trending") :]


@pytest.mark.django_db
def test_a_paper_from_outside_is_not_apart_when_it_comes_alone_and_nothing_is_named_without_need() -> None:
    paper, other = make_paper(), make_paper()
    alone = picks(paper.pk)
    alone.picks[0]["basis"] = "outside"
    body = render_digest(make_edition(paper, other).fragments, alone, LINKS)
    for part in (visible(body.html), body.text.lower()):
        assert "and one from" not in part.lower()
        assert "also trending" not in part.lower()
        assert other.title.lower() not in part.lower()


@pytest.mark.django_db
def test_a_weekly_digest_is_of_its_week() -> None:
    paper = make_paper()
    edition = make_edition(paper, day=date(2026, 11, 22), kind="weekly", period="2026-W47")
    body = render_digest(edition.fragments, picks(paper.pk), LINKS)
    for part in (visible(body.html), body.text):
        assert "Week 47, 16–22 November 2026 · one paper for you" in part
    assert "<title>Paper Route, Week 47, 16–22 November 2026</title>" in " ".join(body.html.split())


@pytest.mark.django_db
def test_a_reason_that_names_a_liked_title_or_an_author_arrives_as_it_is() -> None:
    paper = make_paper(title="Sorting <x>", authors=["O’Neill & <Co>"])
    edition = make_edition(paper, make_paper(title="Other"))
    preferences = Preferences(authors=("O’Neill & <Co>",), interests=('"sorting" <x>',))
    (pick, *_) = choose_for(preferences, make_offer(edition))
    assert pick["reason"] == 'matches “"sorting" <x>”, by O’Neill & <Co>, whom you follow'
    body = render_digest(edition.fragments, Choice([pick], []), LINKS)
    for part in (visible(body.html), body.text):
        assert pick["reason"] in part


@pytest.mark.django_db
def test_no_mark_is_left_and_every_link_is_the_readers_own() -> None:
    paper = make_paper()
    body = render_digest(make_edition(paper).fragments, picks(paper.pk), LINKS)
    for part in (body.html, body.text):
        assert "mark-" not in part
        assert "<!--cut" not in part
        assert set(re.findall(r"https://example\.org/\w", part)) == set(vars(LINKS).values())


@pytest.mark.django_db
def test_each_paper_has_links_to_say_something_of_it() -> None:
    first, second = make_paper(), make_paper()
    body = render_digest(make_edition(first, second).fragments, picks(second.pk, first.pk), LINKS)
    said = [f"https://example.org/f/{paper.pk}/{kind}" for paper in (second, first) for kind in Feedback.Kind]
    assert re.findall(r'href="(https://example\.org/f[^"]*)"', body.html) == said
    assert re.findall(r"(?:More|Less) like this|Save", visible(body.html)) == [*SAYINGS, *SAYINGS]
    assert re.findall(r"^(?:More like this|Less like this|Save): (\S+)$", body.text, re.MULTILINE) == said


@pytest.mark.django_db
def test_the_links_of_a_digest_lead_to_its_pages_with_one_signature_for_all_papers() -> None:
    papers, reader = [make_paper() for _ in range(3)], make_reader()
    delivery = make_delivery(make_edition(*papers), reader, *papers)
    text = str(mail_of(delivery, reader).body)
    pages: dict[str, set[str]] = {}
    for page, token in re.findall(r"http://[^/\s]+/(say|saved|interests|preferences)/([^/\s]+)", text):
        pages.setdefault(page, set()).add(token)
    assert pages["saved"] == pages["interests"] == pages["preferences"]
    assert {page: len(tokens) for page, tokens in pages.items()} == dict.fromkeys(
        ("preferences", "saved", "interests", "say"), 1
    )


@pytest.mark.django_db
def test_the_same_delivery_rendered_twice_has_the_same_content() -> None:
    paper, reader = make_paper(), make_reader()
    delivery = make_delivery(make_edition(paper), reader, paper)
    one, two = mail_of(delivery, reader), mail_of(delivery, reader)
    assert one.mime_bytes() == two.mime_bytes()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "title",
    [
        "x < y && y > z",
        "<script>alert(1)</script>",
        "Ünïcødé 論文 مقالة",
        "{{ edition }} {% now %}",
        "&amp; already escaped",
        "a" * 300,
        "</mj-text><mj-raw><img src=x></mj-raw>",
        "<!--cut-->",
    ],
)
def test_a_title_arrives_as_it_is(title: str) -> None:
    paper = make_paper(title=title, authors=[title[:100]], summary=title)
    body = render_digest(make_edition(paper).fragments, picks(paper.pk, reason=title), LINKS)
    assert visible(body.html).count(" ".join(title.split())) >= 3
    assert title in body.text
    assert "<script>" not in body.html
    assert "<img" not in body.html


@pytest.mark.django_db
def test_nobody_is_tracked() -> None:
    paper, reader = make_paper(), make_reader()
    delivery = make_delivery(make_edition(paper), reader, paper)
    body = render_digest(delivery.edition.fragments, delivery, personal_links(delivery, reader))
    assert "<img" not in body.html
    assert "url(" not in body.html
    hosts = {re.sub(r"^https?://([^/:]+).*", r"\1", link) for link in re.findall(r'href="(http[^"]+)"', body.html)}
    assert hosts <= {"localhost", "arxiv.org"}


@pytest.mark.django_db
def test_a_public_copy_holds_no_link_that_acts_for_the_reader() -> None:
    paper = make_paper()
    body = render_digest(make_edition(paper).fragments, picks(paper.pk), public_links())
    assert not re.search(r"/(u|preferences|digest|say|saved|interests)/", body.html + body.text)
    assert "mark-" not in body.html + body.text
    assert not re.search("More like this|Less like this|[Ss]aved? |think you like", visible(body.html) + body.text)
    assert not re.search("Tune|[Uu]nsubscribe|in the browser|you confirmed", visible(body.html) + body.text)
    for part in (visible(body.html), body.text):
        assert "Get a digest of your own" in part
        assert "chose for one reader" in part


@pytest.mark.django_db
def test_the_readers_own_copy_says_nothing_of_what_others_see() -> None:
    paper = make_paper()
    body = render_digest(make_edition(paper).fragments, picks(paper.pk), LINKS)
    assert not re.search("a digest of your own|for one reader", visible(body.html) + body.text)


def as_compiled_before(fragments: dict[str, Any]) -> dict[str, Any]:
    """The fragments of an edition that was compiled when papers had no links to say something, and none was named."""
    marks = fragments["marks"]
    own = re.compile("|".join(f"{marks[name]}.*?{marks[name]}" for name in ("own", "public")), re.DOTALL)
    pieces = {
        part: {
            name: json.loads(own.sub("", json.dumps(piece)))
            for name, piece in fragments[part].items()
            if name in {"head", "papers", "foot"}
        }
        for part in ("html", "text")
    }
    for piece in pieces.values():
        piece["head"] += f"Tune: {marks['preferences_url']}"
    new = {"own", "public", "saved_url", "interests_url", "feedback_url"}
    return fragments | pieces | {"marks": {name: mark for name, mark in marks.items() if name not in new}}


@pytest.mark.django_db
def test_an_edition_compiled_by_an_earlier_version_is_rendered_as_it_was() -> None:
    paper, other = make_paper(), make_paper()
    old = as_compiled_before(make_edition(paper, other).fragments)
    chosen = picks(paper.pk, also=[other.pk])
    body, known = render_digest(old, chosen, LINKS), render_digest(old, chosen, Links(*"upd"))
    assert "example.org/p" in body.text
    assert "mark-" not in body.html + body.text
    assert not re.search(r"example\.org/[sif]", body.html + body.text)
    for part, same in ((body.html, known.html), (body.text, known.text)):
        assert re.sub(r"https://example\.org/([upd])", r"\1", part) == same


@pytest.mark.django_db
def test_twenty_papers_stay_under_the_size_at_which_mail_is_clipped() -> None:
    papers = [make_paper(title="A Long Title " * 10, summary="Many words here. " * 40) for _ in range(20)]
    reader = make_reader()
    message = mail_of(make_delivery(make_edition(*papers), reader, *papers), reader)
    ((html, _),) = message.alternatives
    assert len(str(html).encode()) < 90_000


@pytest.mark.django_db
def test_a_site_that_moves_after_closing_is_linked_where_it_is(settings: Settings) -> None:
    paper = make_paper()
    fragments = make_edition(paper).fragments
    settings.SITE_URL = "https://moved.example.org"
    body = render_digest(fragments, picks(paper.pk), LINKS)
    assert f"https://moved.example.org/papers/{paper.pk}/" in body.html
    assert "localhost" not in body.html + body.text


@pytest.mark.django_db
@pytest.mark.parametrize(
    "title", ["Ünïcødé 論文 مقالة <b>&amp;= =3D ... \u2028 " + "w" * 300, ".", "a\n.\nb", "=?utf-8?q?x?=", "." * 200]
)
def test_the_bytes_of_a_digest_say_what_its_parts_say(title: str) -> None:
    paper = make_paper(title=title, authors=[title], summary=title)
    reader = make_reader(email="li.wei@example.org")
    every_form_says_the_same(mail_of(make_delivery(make_edition(paper), reader, paper), reader))


@pytest.mark.django_db
def test_any_reason_and_title_say_the_same_in_bytes() -> None:
    paper, reader = make_paper(), make_reader()
    delivery = make_delivery(make_edition(paper), reader, paper)

    @given(reason=text, title=text)
    def same(reason: str, title: str) -> None:
        delivery.picks = picks(paper.pk, reason=reason).picks
        delivery.edition.fragments["titles"][str(paper.pk)] = title
        every_form_says_the_same(mail_of(delivery, reader))

    same()
