from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from papers.sources.base import PaperRecord, Reading, RowError, SourceError
from papers.sources.huggingface import (
    parse,
    read_files,
)
from tests.factories import NOW, TODAY
from tests.papers.answers import FIXTURES, make_body, make_row

MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("_one_attempt")


def parse_rows(*rows: object, day: date | None = TODAY) -> list[PaperRecord | RowError]:
    return parse(make_body(*rows), origin="list.json", day=day, observed_at=None)


def parse_row(**changes: object) -> PaperRecord:
    (row,) = parse_rows(make_row(**changes))
    assert isinstance(row, PaperRecord), row
    return row


def refuse(row: object, *, day: date | None = TODAY) -> str:
    """The reason why this row is refused, while its neighbours are kept."""
    before, refused, after = parse_rows(make_row(id="2611.00008"), row, make_row(id="2611.00009"), day=day)
    assert [isinstance(kept, PaperRecord) for kept in (before, after)] == [True, True]
    assert isinstance(refused, RowError), refused
    assert refused.position == "list.json row 2"
    return refused.reason


# --- Rows that are well-formed -----------------------------------------------------------------------------------


def test_a_recorded_answer_is_read_in_full() -> None:
    record, _ = read_files([FIXTURES / "2026-08-21.json"], day=None, observed_at=None)
    midnight = datetime(2026, 8, 21, tzinfo=UTC)
    assert record == PaperRecord(
        arxiv_id="2608.19880",
        title="EnvHarness: Awakening Static Worlds for Agent Learning",
        authors=("Chengsong Huang",),
        abstract="Worlds for agents that change while the agents learn.",
        summary="A harness wakes up static worlds.",
        keywords=("LLM agents", "co-evolution"),
        published_on=date(2026, 8, 20),
        listed_on=date(2026, 8, 21),
        github_url="https://github.com/google-research/envharness",
        project_url="https://envharness.com/",
        readings=(Reading("upvotes", 163, midnight), Reading("comments", 4, midnight), Reading("stars", 8, midnight)),
    )


def test_a_row_of_the_old_shape_takes_the_day_of_its_file() -> None:
    record, _ = read_files([FIXTURES / "2024-05-27.json"], day=None, observed_at=None)
    assert isinstance(record, PaperRecord)
    assert record.listed_on == date(2024, 5, 27)
    assert record.title == "ConvLLaVA: Hierarchical Backbones as Visual Encoder for Large Multimodal Models"
    assert {reading.observed_at for reading in record.readings} == {datetime(2024, 5, 27, tzinfo=UTC)}


def test_a_row_of_the_old_shape_takes_the_day_that_is_given_before_the_day_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "2024-05-28.json"
    path.write_bytes((FIXTURES / "2024-05-27.json").read_bytes())
    rows = list(read_files([path], day=date(2024, 5, 27), observed_at=None))
    assert [row.listed_on for row in rows if isinstance(row, PaperRecord)] == [date(2024, 5, 27)] * 2


def test_a_row_without_any_day_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "saved.json"
    path.write_bytes(make_body(make_row(submittedOnDailyAt=None), make_row()))
    refused, kept = read_files([path], day=None, observed_at=None)
    assert refused == RowError(f"{path} row 1", "no listing day: neither the row nor the file says which day this is")
    assert isinstance(kept, PaperRecord)


def test_the_day_of_a_row_is_its_utc_date_and_goes_before_the_day_of_the_file() -> None:
    assert parse_row(submittedOnDailyAt="2026-11-20T00:30:00+02:00").listed_on == date(2026, 11, 19)


def test_missing_counts_are_not_zeros() -> None:
    (row,) = parse_rows(make_row(upvotes=None, num_comments=None))
    assert isinstance(row, PaperRecord)
    assert row.readings == ()
    assert parse_row(upvotes=0).readings[0] == Reading("upvotes", 0, MIDNIGHT)


def test_counts_of_a_file_were_read_at_midnight_unless_told_otherwise() -> None:
    assert parse_row(upvotes=3).readings[0].observed_at == MIDNIGHT
    (row,) = parse(make_body(make_row()), origin="x", day=None, observed_at=NOW)
    assert isinstance(row, PaperRecord)
    assert {reading.observed_at for reading in row.readings} == {NOW}


def test_versions_of_an_id_are_one_paper() -> None:
    assert parse_row(id="2611.00001v12").key == parse_row(id="2611.00001").key == "arxiv:2611.00001"


@pytest.mark.parametrize("arxiv_id", ["2611.00001", "0704.0001", "cs/0112017", "math/0309136", "hep-th/9901001"])
def test_every_form_of_arxiv_id_is_read(arxiv_id: str) -> None:
    assert parse_row(id=arxiv_id + "v2").arxiv_id == arxiv_id


def test_the_subject_class_of_an_old_id_is_left_out() -> None:
    assert parse_row(id="math.GT/0309136v2").arxiv_id == "math/0309136"


def test_text_is_made_readable() -> None:
    record = parse_row(
        title="Fast\n  $\\alpha$-Search", summary="It costs $5\nand 50\\% less.", authors=[{"name": "C\\'esar  X"}]
    )
    assert (record.title, record.abstract, record.authors) == (
        "Fast α-Search",
        "It costs $5 and 50% less.",
        ("César X",),
    )


def test_hidden_and_nameless_authors_are_left_out() -> None:
    authors = [{"name": "A"}, {"name": "B", "hidden": True}, {"name": " "}, {}]
    assert parse_row(authors=authors).authors == ("A",)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://example.org/x", "https://a b", "https://[", "<b>", ""])
def test_a_link_a_browser_should_not_follow_is_left_out_and_the_paper_kept(url: str) -> None:
    assert parse_row(githubRepo=url, projectPage="https://example.org/x").github_url == ""


def test_a_line_break_inside_a_link_is_taken_out() -> None:
    assert parse_row(githubRepo=" https://github.com/a/\nb.git\n").github_url == "https://github.com/a/b.git"


@pytest.mark.parametrize("title", ["<think> before you speak", "When x<y", "R&D at 100%"])
def test_a_title_with_angle_brackets_or_percent_signs_is_kept(title: str) -> None:
    assert parse_row(title=title).title == title


# --- Rows that are refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": None}, "missing id"),
        ({"id": ""}, "missing id"),
        ({"id": 2611.00001}, "id is not an arXiv id"),
        ({"id": "../../etc"}, "id is not an arXiv id"),
        ({"id": "2611.00001\n"}, "id is not an arXiv id"),
        ({"id": "２６１１.００００１"}, "id is not an arXiv id"),
        ({"id": "a" * 200 + "/0112017"}, "id is not an arXiv id"),
        ({"title": None}, "missing title"),
        ({"title": " \n\t"}, "missing title"),
        ({"title": 42}, "title is not text"),
        ({"title": "A <b>bold</b> claim"}, "HTML in the title"),
        ({"title": "$<$script$>$alert(1)"}, "HTML in the title"),
        ({"title": "x" * 501}, "title has 501 characters, more than 500"),
        ({"title": "\u0958" * 500}, "title has 1,000 characters, more than 500"),
        ({"summary": "x" * 1_000_000}, "summary has 1,000,000 characters, more than 20,000"),
        ({"summary": ["x"]}, "summary is not text"),
        ({"ai_summary": 7}, "ai_summary is not text"),
        ({"ai_keywords": "agents"}, "ai_keywords is not a list"),
        ({"ai_keywords": [7]}, "ai_keywords is not text"),
        ({"authors": "Ada Lovelace"}, "authors is not a list of objects"),
        ({"authors": ["Ada Lovelace"]}, "authors is not a list of objects"),
        ({"authors": [{"name": 7}]}, "name is not text"),
        ({"githubRepo": 7}, "githubRepo is not text"),
        ({"publishedAt": "yesterday"}, "publishedAt is not a date"),
        ({"publishedAt": 1_700_000_000}, "publishedAt is not a date"),
        ({"publishedAt": "0001-01-01T00:00:00+14:00"}, "publishedAt is not a date"),
        ({"submittedOnDailyAt": "2026-13-45T00:00:00Z"}, "submittedOnDailyAt is not a date"),
        ({"upvotes": "many"}, "upvotes is not a count"),
        ({"upvotes": -1}, "upvotes is not a count"),
        ({"upvotes": True}, "upvotes is not a count"),
        ({"upvotes": 2.5}, "upvotes is not a count"),
        ({"upvotes": 2**31}, "upvotes is not a count"),
        ({"upvotes": float("inf")}, "upvotes is not a count"),
        ({"githubStars": []}, "githubStars is not a count"),
        ({"num_comments": "two"}, "numComments is not a count"),
        ({"title": "half a pair \ud83d"}, "title is not UTF-8"),
    ],
)
def test_a_malformed_row_is_refused_with_its_reason_and_the_others_are_kept(
    changes: dict[str, object], reason: str
) -> None:
    assert refuse(make_row(**changes)) == reason


@pytest.mark.parametrize("row", [None, 7, "text", [], {}, {"paper": None}, {"paper": "2611.00001"}, [make_row()]])
def test_a_row_that_is_not_an_object_with_a_paper_is_refused(row: object) -> None:
    assert refuse(row) == "no paper object"


def test_bytes_that_are_not_utf8_refuse_only_the_row_that_holds_them() -> None:
    body = make_body(make_row(id="2611.00001"), make_row(id="2611.00002", title="LATIN"), make_row(id="2611.00003"))
    rows = parse(body.replace(b"LATIN", b"caf\xe9"), origin="list.json", day=TODAY, observed_at=None)
    assert rows[1] == RowError("list.json row 2", "title is not UTF-8")
    assert [row.arxiv_id for row in rows if isinstance(row, PaperRecord)] == ["2611.00001", "2611.00003"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "nothing"),
        (b" \n", "nothing"),
        (b"<html>Bad gateway</html>", "HTML instead of JSON"),
        (b'[{"paper": ', "JSON that is cut off"),
        (b'[{"paper": {"title": "Half a ti', "JSON that is cut off"),
        (b'[{"paper" "x"}]', "something that is not JSON"),
        (b"[" * 100_000, "something that is not JSON"),
        (b'{"error": "no"}', "no list of papers but dict"),
        (b"null", "no list of papers but NoneType"),
    ],
)
def test_a_saved_answer_that_is_no_list_is_an_error_that_names_its_file_and_will_not_pass(
    tmp_path: Path, body: bytes, message: str
) -> None:
    path = tmp_path / "list.json"
    path.write_bytes(body)
    with pytest.raises(SourceError, match=f"^{path}: answered with {message}") as caught:
        list(read_files([path], day=TODAY, observed_at=None))
    assert caught.value.permanent


def test_an_empty_list_has_no_rows() -> None:
    assert parse_rows() == []


def test_a_file_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"nothing\.json"):
        list(read_files([tmp_path / "nothing.json"], day=None, observed_at=None))


def test_a_file_named_after_a_day_that_does_not_exist_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "2026-13-45.json"
    path.write_bytes(make_body(make_row()))
    with pytest.raises(SourceError, match="2026-13-45"):
        list(read_files([path], day=None, observed_at=None))
