import json
from collections.abc import Iterable
from datetime import date, timedelta
from functools import partial
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db.models import Model
from django.utils import timezone
from pytest_httpserver import HTTPServer

from papers.models import Paper, Signal, SourceRun, Topic, TrendingScore
from papers.sources.arxiv_search import ArxivSearch
from papers.sources.huggingface import HuggingFace
from papers.text import collapse
from papers.trending import VERSION
from tests.factories import make_paper
from tests.papers.answers import FIXTURES, LISTINGS, SEARCH, make_body, make_row, make_rows

pytestmark = pytest.mark.django_db

# A Monday long past, whatever day the tests are run on.
DAY = date(2025, 7, 7)
FOLDERS = sorted({LISTINGS, FIXTURES})
KINDS = {"upvotes": "upvotes", "githubStars": "stars"}


def run(name: str, *args: object) -> str:
    """What the command says."""
    out = StringIO()
    call_command(name, *map(str, args), stdout=out, stderr=out)
    return out.getvalue()


def fail(name: str, *args: object) -> tuple[int, str]:
    """The exit code of the command, and all that it says."""
    out = StringIO()
    with pytest.raises(CommandError) as caught:
        call_command(name, *map(str, args), stdout=out, stderr=out)
    return caught.value.returncode, out.getvalue() + str(caught.value)


def save(path: Path, *rows: object) -> Path:
    path.write_bytes(make_body(*rows))
    return path


def dump(*models: type[Model]) -> list[list[dict[str, object]]]:
    return [list(model._default_manager.order_by("pk").values()) for model in models]


def dump_all() -> list[list[dict[str, object]]]:
    return dump(Paper, Signal, Topic, Paper.topics.through, SourceRun)


def read_items(folder: Path) -> Iterable[tuple[str, dict[str, object], dict[str, object]]]:
    """The day, the row and the paper of every row of every file, read without the project's parser."""
    for path in sorted(folder.glob("*.json")):
        for item in json.loads(path.read_text(encoding="utf-8")):
            yield item["paper"].get("submittedOnDailyAt", path.name)[:10], item, item["paper"]


# --- ingest_papers: files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_saved_answer_is_imported_without_loss_and_only_once(folder: Path) -> None:
    titles: dict[str, str] = {}
    signals: set[tuple[str, str, object, str]] = set()
    for day, item, paper in read_items(folder):
        key = f"arxiv:{paper['id']}"
        titles[key] = collapse(str(paper["title"]))
        signals |= {(key, kind, paper[name], day) for name, kind in KINDS.items() if name in paper}
        signals |= {(key, "comments", item["numComments"], day)}
    files = sorted(folder.glob("*.json"))
    plain = {key: title for key, title in titles.items() if not set(title) & set("\\$")}
    assert plain

    assert f"{len(titles)} new papers" in run("ingest_papers", "--file", *files)
    kept = {paper.key: paper for paper in Paper.objects.all()}
    assert kept.keys() == titles.keys()
    assert {key: kept[key].title for key in plain} == plain
    found = Signal.objects.values_list("paper__key", "kind", "value", "observed_at")
    assert {(key, kind, value, f"{at:%Y-%m-%d}") for key, kind, value, at in found} == signals
    assert Signal.objects.count() == len(signals)

    before = dump_all()
    assert f"0 new papers, 0 changed, {len(titles)} unchanged, 0 new signals" in run("ingest_papers", "--file", *files)
    assert dump_all() == before


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_authors_days_and_texts_of_saved_answers_are_kept(folder: Path) -> None:
    run("ingest_papers", "--file", *sorted(folder.glob("*.json")))
    kept = {paper.arxiv_id: paper for paper in Paper.objects.all()}
    for day, _, told in read_items(folder):
        paper = kept[str(told["id"])]
        assert str(paper.listed_on) == day
        assert str(paper.published_on) == str(told["publishedAt"])[:10]
        visible = [author for author in told["authors"] if not author["hidden"]]  # type: ignore[attr-defined]
        assert len(paper.authors) == len(visible)
        assert bool(paper.abstract) == bool(told["summary"])
        assert bool(paper.summary) == bool(told.get("ai_summary"))
        assert len(paper.keywords) == len(told.get("ai_keywords", []))  # type: ignore[arg-type]
        assert paper.github_url == str(told.get("githubRepo", "")).replace("\n", "")
        assert paper.project_url == str(told.get("projectPage", "")).replace("\n", "")


def test_an_import_is_scored(tmp_path: Path) -> None:
    today = timezone.now().isoformat()
    run("ingest_papers", "--file", save(tmp_path / "list.json", make_row(upvotes=7, submittedOnDailyAt=today)))
    assert TrendingScore.objects.filter(paper__key="arxiv:2611.00001").count() == 3
    assert "A Paper" in run("trending")


BAD_ROWS = {
    "missing id": make_row(id=None),
    "publishedAt is not a date": make_row(publishedAt="soon"),
    "title is not text": make_row(title=7),
    "authors is not a list of objects": make_row(authors="Ada Lovelace"),
    "upvotes is not a count": make_row(upvotes="many"),
    "HTML in the title": make_row(title="<b>Bold</b>"),
    "summary has 1,000,000 characters, more than 20,000": make_row(summary="x" * 1_000_000),
    "no paper object": "not an object",
}


def test_every_refused_row_is_reported_with_file_row_and_reason_and_the_others_are_kept(tmp_path: Path) -> None:
    path = save(tmp_path / "list.json", make_row(id="2611.00001"), *BAD_ROWS.values(), make_row(id="2611.00002"))
    code, said = fail("ingest_papers", "--file", path)
    assert code == 3
    for number, reason in enumerate(BAD_ROWS, start=2):
        assert f"refused {path} row {number}: {reason}" in said
    assert f"{len(BAD_ROWS)} rows were refused; the others are kept." in said
    assert set(Paper.objects.values_list("key", flat=True)) == {"arxiv:2611.00001", "arxiv:2611.00002"}


def test_a_file_with_bytes_that_are_not_utf8_loses_only_the_row_that_holds_them(tmp_path: Path) -> None:
    path = save(tmp_path / "list.json", make_row(id="2611.00001", title="LATIN"), make_row(id="2611.00002"))
    path.write_bytes(path.read_bytes().replace(b"LATIN", b"caf\xe9"))
    code, said = fail("ingest_papers", "--file", path)
    assert (code, Paper.objects.get().key) == (3, "arxiv:2611.00002")
    assert f"{path} row 1: title is not UTF-8" in said


def test_a_row_without_any_day_is_refused_unless_a_day_is_given(tmp_path: Path) -> None:
    path = save(tmp_path / "saved.json", make_row(submittedOnDailyAt=None))
    code, said = fail("ingest_papers", "--file", path)
    assert (code, Paper.objects.count()) == (3, 0)
    assert f"{path} row 1: no listing day" in said
    run("ingest_papers", "--file", path, "--date", "2024-05-27")
    assert Paper.objects.get().listed_on == date(2024, 5, 27)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "nothing"),
        (b"not json", "something that is not JSON"),
        (b'[{"paper":', "JSON that is cut off"),
        (b'{"paper": {}}', "no list of papers but dict"),
    ],
)
def test_a_file_that_is_no_listing_writes_nothing_of_the_files_before_it(
    tmp_path: Path, content: bytes, message: str
) -> None:
    good = save(tmp_path / "good.json", *make_rows(600))
    bad = tmp_path / "bad.json"
    bad.write_bytes(content)
    code, said = fail("ingest_papers", "--file", good, bad)
    assert code == 1
    assert f"{bad}: answered with {message}" in said
    assert dump(Paper, Signal) == [[], []]


@pytest.mark.parametrize("name", ["missing.json", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    code, said = fail("ingest_papers", "--file", tmp_path / name)
    assert code == 1
    assert str(tmp_path / name) in said


def test_an_empty_list_is_said_and_is_no_failure(tmp_path: Path) -> None:
    said = run("ingest_papers", "--file", save(tmp_path / "2026-11-23.json"))
    assert "The source has no papers for this day." in said
    assert Paper.objects.count() == 0


# --- ingest_papers: live and sample ------------------------------------------------------------------------------


@pytest.fixture
def live(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch, _one_attempt: None) -> HTTPServer:
    """A local server in the place of the live listing, which the command makes for the day it is given."""
    url = httpserver.url_for("/daily_papers")
    monkeypatch.setattr("papers.sources.huggingface.HuggingFace", partial(HuggingFace, url=url))
    return httpserver


def test_the_live_listing_of_a_day_is_read(live: HTTPServer) -> None:
    query = {"date": "2026-11-20", "p": "0", "limit": "100"}
    live.expect_oneshot_request("/daily_papers", query_string=query).respond_with_json([make_row()])
    assert "1 new papers" in run("ingest_papers", "--date", "2026-11-20")


def test_a_live_listing_without_papers_is_said_and_is_no_failure(live: HTTPServer) -> None:
    live.expect_request("/daily_papers").respond_with_json([])
    assert "The source has no papers for this day." in run("ingest_papers")


def test_a_live_listing_that_cannot_be_read_is_said_and_recorded(live: HTTPServer) -> None:
    live.expect_request("/daily_papers").respond_with_data("no", status=500)
    assert fail("ingest_papers") == (1, "huggingface answered 500.")
    assert SourceRun.objects.values_list("status", "detail").get() == ("failed", "huggingface answered 500.")


@pytest.mark.parametrize(
    ("option", "value", "day"), [("--week", "2026-W47", "2026-11-18"), ("--month", "2026-11", "2026-11-02")]
)
def test_a_week_or_a_month_of_listings_is_read(live: HTTPServer, option: str, value: str, day: str) -> None:
    query = {option.strip("-"): value, "p": "0", "limit": "100"}
    row = make_row(submittedOnDailyAt=f"{day}T01:00:00Z")
    live.expect_oneshot_request("/daily_papers", query_string=query).respond_with_json([row])
    assert "1 new papers" in run("ingest_papers", option, value)
    assert str(Paper.objects.get().listed_on) == day
    assert SourceRun.objects.get().asked == f"daily papers of {value}"


def test_a_list_of_another_day_is_said(live: HTTPServer) -> None:
    live.expect_request("/daily_papers").respond_with_json([make_row(submittedOnDailyAt="2026-11-19T01:00:00Z")])
    said = run("ingest_papers", "--date", "2026-11-20")
    assert "Asked for 2026-11-20, answered with 1 of 1 papers of other days, most of 2026-11-19." in said
    assert "1 new papers" in said


@pytest.fixture
def arxiv_search(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch, _one_attempt: None) -> HTTPServer:
    """A local server in the place of arXiv's search."""
    url = httpserver.url_for("/api/query")
    monkeypatch.setattr("papers.sources.arxiv_search.ArxivSearch", partial(ArxivSearch, url=url))
    httpserver.expect_request("/api/query").respond_with_data(SEARCH)
    return httpserver


@pytest.mark.parametrize(("until", "days"), [((), 1), (("--until", "2026-09-25"), 3)])
def test_days_of_arxiv_are_read(arxiv_search: HTTPServer, until: tuple[str, ...], days: int) -> None:
    assert "3 new papers" in run("ingest_papers", "--source", "arxiv", "--date", "2026-09-23", *until)
    assert len(arxiv_search.log) == days
    paper = Paper.objects.get(arxiv_id="2609.28471")
    assert (str(paper.published_on), paper.listed_on, paper.primary_category) == ("2026-09-23", None, "cs.CL")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--source", "github", "--date", "2026-11-20"), "--date goes with --source huggingface or arxiv."),
        (("--source", "arxiv", "--week", "2026-W47"), "--week and --month go with --source huggingface."),
        (("--source", "sample", "--month", "2026-11"), "--week and --month go with --source huggingface."),
        (("--date", "2026-11-20", "--until", "2026-11-21"), "--until goes with --source arxiv"),
        (("--source", "arxiv", "--until", "2026-11-21"), "--until goes with --source arxiv and a --date"),
        (("--source", "arxiv", "--date", "2026-11-20", "--until", "2026-11-19"), "a --date that is not after it"),
        (("--file", "x.json", "--week", "2026-W47"), "--file goes with --source huggingface"),
        (("--file", "x.json", "--source", "arxiv"), "--file goes with --source huggingface"),
    ],
)
def test_options_that_do_not_go_together_are_refused(args: tuple[str, ...], message: str) -> None:
    code, said = fail("ingest_papers", *args)
    assert code == 1
    assert message in said
    assert not SourceRun.objects.exists()


def test_the_sample_is_read_and_read_again() -> None:
    assert "259 new papers" in run("ingest_papers", "--source", "sample")
    kept = (Paper, Signal, Topic, Paper.topics.through)
    before = dump(*kept)
    assert "0 new papers, 0 changed, 259 unchanged, 0 new signals" in run("ingest_papers", "--source", "sample")
    assert dump(*kept) == before
    assert TrendingScore.objects.filter(window="day").exists()


@pytest.mark.parametrize(
    "args",
    [
        ("--source", "nowhere"),
        ("--date", "yesterday"),
        ("--date", "2026-13-01"),
        ("--week", "2026-47"),
        ("--month", "may"),
    ],
)
def test_an_argument_that_makes_no_sense_is_refused(args: tuple[str, str]) -> None:
    code, said = fail("ingest_papers", *args)
    assert code == 1
    assert "invalid" in said


# --- trending ----------------------------------------------------------------------------------------------------


def test_the_trending_papers_of_a_day_are_listed_best_first() -> None:
    make_paper(title="Fewer", upvotes=1, listed_on=DAY)
    make_paper(title="More", upvotes=3, listed_on=DAY)
    lines = run("trending", "--date", DAY).splitlines()
    assert [line.split(maxsplit=2)[0] for line in lines] == ["1", "2"]
    assert "More  (+3 upvotes since " in lines[0]
    assert "Fewer  (+1 upvote since " in lines[1]


def test_the_list_can_be_cut() -> None:
    for _ in range(12):
        make_paper(listed_on=DAY)
    assert len(run("trending", "--date", DAY).splitlines()) == 10
    assert len(run("trending", "--date", DAY, "--top", 3).splitlines()) == 3
    with pytest.raises(CommandError, match="--top"):
        run("trending", "--date", DAY, "--top", -1)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", (timezone.now().date() + timedelta(days=2)).isoformat()])
def test_a_day_without_papers_to_come_is_refused(day: str) -> None:
    with pytest.raises(CommandError, match="--date must lie between"):
        run("trending", "--date", day)


def test_the_trending_papers_are_said_in_json_too() -> None:
    paper = make_paper(title="A “Paper”", upvotes=7, listed_on=DAY)
    (row,) = json.loads(run("trending", "--date", DAY, "--json"))
    assert (row["rank"], row["key"], row["title"], row["version"]) == (1, paper.key, "A “Paper”", VERSION)
    assert row["score"] == pytest.approx(sum(part["points"] for part in row["parts"]))
    assert [part["gain"] for part in row["parts"] if part["kind"] == "upvotes"] == [7]


def test_no_trending_papers_are_an_empty_list() -> None:
    assert json.loads(run("trending", "--json")) == []
    assert run("trending") == "No papers gained attention in this window.\n"


def test_a_past_day_does_not_know_of_later_ones() -> None:
    make_paper(title="Later", listed_on=DAY)
    make_paper(title="Earlier", listed_on=DAY - timedelta(days=3))
    said = run("trending", "--date", DAY - timedelta(days=3))
    assert "Earlier" in said
    assert "Later" not in said


def test_a_window_reaches_further_back() -> None:
    make_paper(title="Old", listed_on=DAY - timedelta(days=28))
    assert "Old" not in run("trending", "--date", DAY, "--window", "day")
    assert "Old" in run("trending", "--date", DAY, "--window", "month")


def test_an_unknown_window_is_refused() -> None:
    assert fail("trending", "--window", "year")[0] == 1


def test_listing_the_trending_papers_changes_no_row() -> None:
    make_paper(listed_on=DAY)
    before = dump(Paper, Signal, TrendingScore)
    run("trending")
    assert dump(Paper, Signal, TrendingScore) == before


@pytest.mark.parametrize("when", [("--date", "2100-01-01"), ("--week", "2090-W01"), ("--month", "2090-01")])
def test_days_to_come_are_not_asked_for(when: tuple[str, str]) -> None:
    with pytest.raises(CommandError, match="still to come"):
        run("ingest_papers", *when)
    assert SourceRun.objects.count() == 0
