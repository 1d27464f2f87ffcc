"""What is found wrong with a draft before it closes."""

import logging
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from newsletter import preflight as checks
from newsletter.models import Edition
from newsletter.preflight import Finding, preflight
from papers.models import Topic
from tests.factories import TODAY, make_edition, make_paper
from tests.newsletter.desk import draft_of, entry_of, make_draft

pytestmark = pytest.mark.django_db


def found(edition: Edition, code: str) -> list[Finding]:
    return [finding for finding in preflight(edition).findings if finding.code == code]


def note(draft: Edition, title: str, words: str) -> int:
    entry = entry_of(draft, title)
    entry.note = words
    entry.save()
    return entry.pk


def test_a_draft_that_is_as_it_should_be_has_no_findings() -> None:
    draft = draft_of("Marmots of the Alps", "Tiny robots", opening_line="Good morning.", header_note="More on Friday.")
    assert preflight(draft).findings == ()


@pytest.mark.parametrize("hidden", [0, 1])
def test_an_edition_of_which_nothing_goes_out_is_blocked(hidden: int) -> None:
    draft = make_draft(*(make_paper(is_hidden=True) for _ in range(hidden)))
    (finding,) = preflight(draft).findings
    assert (finding.code, finding.is_blocking) == ("nothing goes out", True)


def test_what_blocks_stands_first() -> None:
    draft = make_draft(make_paper(title="Bare", summary=""), opening_line="{{ name }}")
    assert [finding.is_blocking for finding in preflight(draft).findings] == [True, False]


# --- Papers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        ({"title": "One thing"}, {"title": "Another thing", "arxiv_id": "2611.77777"}, "arXiv id"),
        ({"title": "One thing", "doi": "10.1/x"}, {"title": "Another thing", "doi": "10.1/x"}, "DOI"),
        ({"title": "One thing"}, {"title": "One Thing!"}, "the same title"),
        ({"title": "One thing", "title_hash": "x"}, {"title": "1 thing", "title_hash": "x"}, "the same title"),
        (
            {"title": "A survey of marmots in the high Alps"},
            {"title": "Survey of marmots in the high Alps"},
            "nearly the same title",
        ),
    ],
)
def test_the_same_work_twice_blocks(first: dict[str, Any], second: dict[str, Any], why: str) -> None:
    if "arxiv_id" in second:
        first = first | {"arxiv_id": second["arxiv_id"], "key": "title:first"}
    draft = make_draft(make_paper(**first), make_paper(**second))
    (finding,) = found(draft, "double paper")
    assert finding.is_blocking
    assert why in finding.text
    assert finding.entry_ids == tuple(entry.pk for entry in draft.entries.in_order())


def test_a_double_of_which_one_is_hidden_is_no_more() -> None:
    draft = draft_of("One thing", "One thing ")
    draft.entries.filter(rank=2).update(is_hidden=True)
    assert found(draft, "double paper") == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("A long survey of marmots in the high Alps, part 1", "A long survey of marmots in the high Alps, part 2"),
        ("A long survey of marmots in the high Alps, part I", "A long survey of marmots in the high Alps, part II"),
        ("Tiny robots", "Tiny robots that walk"),
        ("A theory of everything in the Alps", "A theory of nothing in the Andes"),
    ],
)
def test_works_that_only_resemble_each_other_are_left_alone(first: str, second: str) -> None:
    assert found(draft_of(first, second), "double paper") == []


def test_the_same_title_by_others_is_only_told() -> None:
    first = make_paper(title="One thing", authors=["Ada Lovelace"])
    (finding,) = found(make_draft(first, make_paper(title="One thing", authors=["Alan Turing"])), "double paper")
    assert not finding.is_blocking
    assert "by others" in finding.text


def test_nearly_the_same_title_by_others_is_another_work() -> None:
    first = make_paper(title="A survey of marmots in the high Alps", authors=["Ada Lovelace"])
    second = make_paper(title="Survey of marmots in the high Alps", authors=["Alan Turing"])
    assert preflight(make_draft(first, second)).findings == ()


def test_papers_without_summary_and_abstract_are_told_together() -> None:
    papers = [make_paper(title=f"Bare {number}", summary="") for number in "abcde"]
    (finding,) = found(make_draft(make_paper(), *papers), "no summary")
    assert not finding.is_blocking
    assert finding.text == "Neither summary nor abstract: “Bare a”, “Bare b”, “Bare c” and 2 more."
    assert len(finding.entry_ids) == 5
    assert found(make_draft(make_paper(summary="", abstract="It walks."), day=TODAY.replace(day=1)), "no summary") == []


# --- Words --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        *("Hello {{ name }}", "{% if x %}", "{{", "until ${date}", "Dear %(name)s", "Dear *|FNAME|*"),
        *("Dear [Name],", "[insert link]", "TODO: write", "TBD", "XXX", "Lorem ipsum dolor"),
    ],
)
def test_placeholders_that_editors_left_block(words: str) -> None:
    draft = draft_of("Marmots", opening_line=words, header_note=words)
    entry_id = note(draft, "Marmots", words)
    findings = found(draft, "placeholder")
    assert [finding.text.partition(" still has ")[0] for finding in findings] == [
        "The opening line",
        "The header note",
        "The note on “Marmots”",
    ]
    assert all(finding.is_blocking for finding in findings)
    assert findings[-1].entry_ids == (entry_id,)


@pytest.mark.parametrize(
    "words", ["The method of choice [1], we todo nothing.", "A name, a date.", "f(x) = {x}", "100 %"]
)
def test_what_people_write_is_no_placeholder(words: str) -> None:
    assert found(draft_of("Marmots", header_note=words), "placeholder") == []


def test_templates_in_a_title_are_a_paper_s_own() -> None:
    draft = draft_of("On {{ braces }} and TODO comments", "Lorem ipsum considered harmful")
    assert preflight(draft).findings == ()


@pytest.mark.parametrize(("lines", "is_told"), [(15, False), (16, True)])
def test_a_header_note_of_many_lines_is_told(lines: int, is_told: bool) -> None:
    draft = draft_of("Marmots", header_note="\n".join(["word"] * lines))
    assert [finding.is_blocking for finding in found(draft, "many lines")] == [False] * is_told


def test_an_address_in_a_note_is_told_and_not_repeated() -> None:
    draft = draft_of("Marmots", header_note="Write to ada@example.org.")
    (finding,) = preflight(draft).findings
    assert (finding.code, finding.is_blocking) == ("e-mail address", False)
    assert "ada" not in finding.text


# --- Links --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/papers/999999/", "there is no such paper"),
        ("/topics/no-such-topic/", "there is no such topic"),
        ("/editions/2020-01-01/", "there is no such edition"),
        ("/nowhere", "there is no such page"),
        ("/admin/", "only staff"),
        ("/preferences/secret", "acts for one reader"),
        ("/u/secret", "acts for one reader"),
    ],
)
def test_a_dead_link_of_our_own_in_editors_words_blocks(path: str, why: str, settings: Settings) -> None:
    draft = draft_of("Marmots", header_note=f"See {settings.SITE_URL}{path}.")
    (finding,) = found(draft, "dead link")
    assert finding.is_blocking
    assert why in finding.text
    assert finding.text.startswith("The header note links to")


def test_a_link_that_acts_for_a_reader_is_not_repeated(settings: Settings) -> None:
    draft = draft_of("Marmots", header_note=f"See {settings.SITE_URL}/preferences/secret")
    assert "secret" not in found(draft, "dead link")[0].text


def test_links_that_lead_somewhere_are_fine(settings: Settings) -> None:
    paper = make_paper()
    closed = make_edition(make_paper(), day=TODAY.replace(day=2))
    topic = Topic.objects.create(slug="cs.XY", name="XY", kind=Topic.Kind.CATEGORY)
    draft = make_draft(paper)
    paths = ["", "/", "?q=x", "/topics", paper.get_absolute_url(), topic.get_absolute_url(), "/search/?q=marmots"]
    paths += [f"/editions/{closed.period}/", f"/editions/{draft.period}/", "/about/#sources"]
    draft.header_note = " ".join(f"{settings.SITE_URL}{path}" for path in paths)
    draft.header_note += f" https://elsewhere.example/papers/999999/ {settings.SITE_URL}.example/nowhere"
    assert found(draft, "dead link") == []


def test_a_link_to_a_paper_that_is_hidden_is_dead(settings: Settings) -> None:
    hidden = make_paper(is_hidden=True)
    draft = draft_of("Marmots", opening_line=f"{settings.SITE_URL}{hidden.get_absolute_url()}")
    assert "or it is hidden" in found(draft, "dead link")[0].text


def test_a_dead_link_that_we_put_there_ourselves_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    draft = draft_of("Marmots")
    monkeypatch.setattr("papers.models.Paper.get_absolute_url", lambda paper: f"/papers/{paper.pk}9/")
    (finding,) = found(draft, "dead link")
    assert finding.is_blocking
    assert finding.text.startswith("A digest links to")


# --- The digest ---------------------------------------------------------------------------------------------------


def test_a_digest_that_mail_programs_would_cut_off_blocks() -> None:
    long = [make_paper(title=f"Marmots {number} " + "é" * 450, summary="é" * 480) for number in range(20)]
    draft = make_draft(*(make_paper() for _ in range(20)), *long)
    draft.entries.filter(paper__in=long).update(note="&" * 300)
    (finding,) = found(draft, "too large")
    assert finding.is_blocking
    assert "of HTML, more than 90 kB" in finding.text


def test_a_digest_of_usual_size_that_is_large_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    draft = draft_of("Marmots")
    assert found(draft, "too large") == []
    monkeypatch.setattr(checks, "MOST_BYTES_USUAL", 1000)
    (finding,) = found(draft, "too large")
    assert not finding.is_blocking


def test_a_digest_that_cannot_be_made_blocks_and_says_why(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    monkeypatch.setattr("newsletter.rendering.to_html", lambda source: source.no_such_thing)
    (finding,) = preflight(draft_of("Marmots")).findings
    assert (finding.code, finding.is_blocking) == ("cannot be made", True)
    assert finding.text == "The digest cannot be made (AttributeError)."


def test_a_mark_that_is_left_in_a_digest_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    draft = draft_of("Marmots")
    monkeypatch.setattr("newsletter.sizing.CompiledDigest.join", joined_with_a_mark)
    assert [finding.is_blocking for finding in found(draft, "mark left in")] == [True]


class Joined:
    html = "<p>mark-opening-0123456789abcdef</p>"
    text = ""


def joined_with_a_mark(*_: object) -> Joined:
    return Joined()


def test_without_a_postal_address_nothing_goes_out_in_production(settings: Settings) -> None:
    settings.POSTAL_ADDRESS = " "
    draft = draft_of("Marmots")
    assert preflight(draft).findings == ()
    settings.PRODUCTION = True
    assert [finding.is_blocking for finding in found(draft, "no postal address")] == [True]


def test_a_long_edition_takes_no_more_queries() -> None:
    taken = []
    for count in (10, 20):
        draft = make_draft(*(make_paper() for _ in range(count)), day=TODAY.replace(day=count))
        with CaptureQueriesContext(connection) as queries:
            preflight(draft)
        taken.append(len(queries))
    assert taken[0] == taken[1]
