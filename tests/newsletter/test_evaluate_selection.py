"""The files of an evaluation, and the command."""

import csv
import gzip
import json
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from newsletter.evaluation.baselines import BASELINES
from newsletter.evaluation.events import Catalogue, Histories, weekly
from newsletter.evaluation.weekly import evaluate
from tests.newsletter.people import (
    MONDAY,
    make_weeks,
)
from tests.papers.answers import SHARED


def write_files(
    folder: Path, catalogue: Catalogue, people: Iterable[tuple[str, str]], *, is_gzipped: bool = False
) -> tuple[Path, Path]:
    papers, interactions = StringIO(), StringIO()
    for paper in catalogue.papers:
        row: dict[str, Any] = {"arxiv_id": paper.arxiv_id, "title": paper.title, "abstract": paper.abstract}
        row |= {"listing_date": str(date.fromordinal(paper.day)), "ai_keywords": [*paper.keywords] or None}
        papers.write(json.dumps(row | {"early_upvotes": paper.early_upvotes, "upvotes": 99}) + "\n")
    days = {paper.arxiv_id: str(date.fromordinal(paper.day)) for paper in catalogue.papers}
    table = csv.writer(interactions)
    table.writerow(["user_hash", "role", "arxiv_id", "listing_date"])
    table.writerows([user, "author", arxiv_id, days.get(arxiv_id, "2026-11-23")] for user, arxiv_id in people)
    pack: Callable[[bytes], bytes] = gzip.compress if is_gzipped else bytes
    # What they are called tells nothing.
    paths = folder / "papers.dat", folder / "interactions.dat"
    for path, text in zip(paths, (papers, interactions), strict=True):
        path.write_bytes(pack(text.getvalue().encode()))
    return paths


def make_people(catalogue: Catalogue, histories: Histories) -> list[tuple[str, str]]:
    return [(user, catalogue.papers[place].arxiv_id) for user, places in histories.items() for place in places]


def make_files(folder: Path, *, is_gzipped: bool = False) -> tuple[Path, Path]:
    catalogue, histories = make_weeks()
    return write_files(folder, catalogue, make_people(catalogue, histories), is_gzipped=is_gzipped)


def run(papers: Path, interactions: Path, *arguments: str, first: date = date(2026, 1, 1)) -> str:
    output = StringIO()
    given = ["--papers", str(papers), "--interactions", str(interactions), "--from", str(first), *arguments]
    call_command("evaluate_selection", *given, stdout=output, stderr=StringIO())
    return output.getvalue()


def run_json(papers: Path, interactions: Path, *arguments: str, first: date = date(2026, 1, 1)) -> Any:
    return json.loads(run(papers, interactions, "--json", *arguments, first=first))


def test_files_are_evaluated_gzipped_or_not(tmp_path: Path) -> None:
    plain, gzipped = run_json(*make_files(tmp_path)), run_json(*make_files(tmp_path, is_gzipped=True))
    catalogue, histories = make_weeks()
    expected = evaluate(catalogue, weekly(catalogue, histories, date.min, date.max))
    for told in (plain, gzipped):
        assert told.pop("seconds") > 0
        assert told.pop("interactions_with_unknown_papers") == 0
        assert told == json.loads(json.dumps(expected))
    assert plain["baselines"].keys() == BASELINES.keys()


def test_the_span_ends_where_it_is_said_to(tmp_path: Path) -> None:
    files = make_files(tmp_path)
    assert run_json(*files, first=MONDAY)["weeks"] == 1
    assert run_json(*files, "--to", str(MONDAY))["weeks"] == 2


def test_a_sample_is_taken_for_all_methods_alike(tmp_path: Path) -> None:
    files = make_files(tmp_path)
    once, twice = (run_json(*files, "--sample", "5", "--cold-start") for _ in range(2))
    assert once.pop("seconds")
    assert twice.pop("seconds")
    assert once == twice
    assert once["events"] == once["cold_start"]["events"] == 5


def test_what_is_told_to_people_names_every_method(tmp_path: Path) -> None:
    told = run(*make_files(tmp_path), "--cold-start")
    for name in ("selection", "text_alone", "digest", "linear_svm", "popularity", "three_keywords", "one_liked_paper"):
        assert f"\n{name} " in told
    assert "24 events of 8 people in 3 weeks" in told


def test_figures_that_are_too_good_are_called_a_leak(tmp_path: Path) -> None:
    error = StringIO()
    papers, interactions = make_files(tmp_path)
    given = ["--papers", str(papers), "--interactions", str(interactions), "--from", str(MONDAY), "--json"]
    output = StringIO()
    call_command("evaluate_selection", *given, stdout=output, stderr=error)
    # Made-up fields are far apart, so they are found far too well.
    assert json.loads(output.getvalue())["text_alone"]["ndcg@10"] >= 0.5
    assert "Warning: text_alone: nDCG@10 of" in error.getvalue()
    assert "a leak, not a success" in error.getvalue()


def test_people_of_papers_that_nobody_knows_are_counted_and_left_out(tmp_path: Path) -> None:
    catalogue, histories = make_weeks()
    people = make_people(catalogue, histories)
    without = run_json(*write_files(tmp_path, catalogue, people))
    files = write_files(tmp_path, catalogue, [("stranger", "9999.00001"), *people, ("robots 1", "9999.00002")])
    assert run_json(*files) | {"seconds": 0} == without | {"seconds": 0, "interactions_with_unknown_papers": 2}


def test_saying_the_same_twice_is_saying_it_once(tmp_path: Path) -> None:
    catalogue, histories = make_weeks()
    people = make_people(catalogue, histories)
    once = run_json(*write_files(tmp_path, catalogue, people))
    assert run_json(*write_files(tmp_path, catalogue, people * 2)) | {"seconds": 0} == once | {"seconds": 0}


PAPER = {"arxiv_id": "2611.99999", "title": "A", "abstract": "B", "listing_date": "2026-11-23"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "Expecting"),
        ("[]", "not an object"),
        (json.dumps(PAPER | {"arxiv_id": None}), "arxiv_id is missing"),
        (json.dumps({name: value for name, value in PAPER.items() if name != "title"}), "'title' is missing"),
        (json.dumps(PAPER | {"listing_date": "yesterday"}), "yesterday"),
        (json.dumps(PAPER | {"listing_date": None}), "listing_date is missing"),
        (json.dumps(PAPER | {"abstract": 7}), "abstract"),
        (json.dumps(PAPER | {"early_upvotes": "7"}), "early_upvotes"),
        (json.dumps(PAPER | {"early_upvotes": -1}), "early_upvotes"),
        (json.dumps(PAPER | {"ai_keywords": "robots"}), "ai_keywords"),
        (json.dumps(PAPER | {"arxiv_id": "2611.00000"}), "2611.00000 is in the file twice"),
    ],
)
def test_a_paper_that_cannot_be_read_is_named(line: str, reason: str, tmp_path: Path) -> None:
    papers, interactions = make_files(tmp_path)
    with papers.open("a") as file:
        file.write(f"\n{line}\n")
    with pytest.raises(CommandError, match=f"papers.dat line 122: .*{reason}"):
        run(papers, interactions)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("somebody,author,2611.00001,yesterday", "yesterday"),
        (",author,2611.00001,2026-11-23", "user_hash is missing"),
        ("somebody,author,,2026-11-23", "arxiv_id is missing"),
        ("somebody,author", "missing"),
        ('somebody,author,"2611.00001"x,2026-11-23', "expected after"),
    ],
)
def test_an_interaction_that_cannot_be_read_is_named(row: str, reason: str, tmp_path: Path) -> None:
    papers, interactions = make_files(tmp_path)
    with interactions.open("a") as file:
        file.write(f"{row}\n")
    with pytest.raises(CommandError, match=f"interactions.dat line 50: .*{reason}"):
        run(papers, interactions)


def test_columns_that_are_not_there_are_named(tmp_path: Path) -> None:
    papers, interactions = make_files(tmp_path)
    interactions.write_text("user,paper\nsomebody,2611.00001\n")
    with pytest.raises(CommandError, match=r"line 2: '\w+' is missing"):
        run(papers, interactions)


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    papers, interactions = make_files(tmp_path, is_gzipped=True)
    with pytest.raises(CommandError, match=r"missing\.gz cannot be read"):
        run(tmp_path / "missing.gz", interactions)
    interactions.write_bytes(interactions.read_bytes()[:-20])
    with pytest.raises(CommandError, match=r"interactions\.dat cannot be read"):
        run(papers, interactions)
    interactions.write_bytes(b"user_hash,role\xff,arxiv_id,listing_date\n")
    with pytest.raises(CommandError, match=r"interactions\.dat cannot be read"):
        run(papers, interactions)


def test_a_time_without_events_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Nobody has a new paper"):
        run(*make_files(tmp_path), first=date(2027, 1, 1))


@pytest.mark.parametrize(("name", "value"), [("--to", "tomorrow"), ("--sample", "0"), ("--sample", "few")])
def test_arguments_that_make_no_sense_are_named(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=f"argument {name}"):
        run(*make_files(tmp_path), name, value)


def test_real_people_are_foretold_better_than_by_what_others_do(tmp_path: Path) -> None:
    """On two weeks of real data, where that stands beside the project; made-up papers stand in where it does not."""
    if SHARED.is_dir():
        files, first = (SHARED / "papers_dev.jsonl.gz", SHARED / "interactions_dev.csv.gz"), date(2025, 10, 6)
    else:
        files, first = make_files(tmp_path), MONDAY
    result = run_json(*files, "--to", str(first + timedelta(days=13)), first=first)
    assert result["selection"]["ndcg@10"] > result["baselines"]["popularity"]["ndcg@10"]
    assert result["selection"]["hit@10"] > 0.5
    if SHARED.is_dir():
        assert result["selection"]["ndcg@10"] > result["text_alone"]["ndcg@10"]
        assert result["text_alone"]["ndcg@10"] > result["baselines"]["tfidf_centroid"]["ndcg@10"]
        assert result["baselines"]["newest"]["ndcg@10"] < 0.1
