import json
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from papers.evaluation import Observation, evaluate

DAY = date(2026, 11, 23)
HEADER = (
    "arxiv_id,listing_date,early_captured_at,early_upvotes,early_num_comments,early_github_stars,"
    "final_captured_at,final_upvotes,final_num_comments,final_github_stars"
)


def seen(number: int, *, early: int, final: int, day: date = DAY) -> Observation:
    read_at = datetime(day.year, day.month, day.day, 8, tzinfo=UTC)
    return Observation(f"2611.{number:05}", day, read_at, {"upvotes": early}, final)


def figures(*observations: Observation, method: str = "score") -> Any:
    result: Any = evaluate(observations)
    return result["score"] if method == "score" else result["baselines"][method]


def test_a_reading_that_foretells_everything_scores_one_everywhere() -> None:
    found = figures(*[seen(n, early=n, final=10 * n) for n in range(1, 9)])
    assert (found["spearman"], found["top5_overlap"], found["top1"]) == (1, 1, 1)


def test_a_reading_that_is_upside_down_scores_minus_one() -> None:
    found = figures(*[seen(n, early=20 - n, final=n) for n in range(1, 11)])
    assert (found["spearman"], found["top5_overlap"], found["top1"]) == (-1, 0, 0)


def test_equal_readings_share_their_rank() -> None:
    observations = [seen(n, early=min(n, 4), final=n) for n in range(1, 7)]
    # Ranks 1 2 3 5 5 5 against 1 2 3 4 5 6.
    assert figures(*observations)["spearman"] == pytest.approx(0.9411, abs=1e-4)


def test_readings_that_are_all_alike_foretell_nothing() -> None:
    assert figures(*[seen(n, early=3, final=n) for n in range(1, 8)])["spearman"] == 0


def test_a_day_with_too_few_papers_is_left_out_and_days_count_alike() -> None:
    good = [seen(n, early=n, final=n) for n in range(1, 8)]
    bad = [seen(n, early=20 - n, final=n, day=DAY - timedelta(days=1)) for n in range(1, 15)]
    few = [seen(n, early=20 - n, final=n, day=DAY - timedelta(days=2)) for n in range(1, 6)]
    assert evaluate([*good, *bad, *few])["days"] == 2
    assert figures(*good, *bad, *few)["spearman"] == 0


def test_the_order_of_the_rows_and_the_run_do_not_matter() -> None:
    observations = [seen(n, early=n * 7 % 11, final=n * 5 % 13) for n in range(1, 12)]
    assert evaluate(observations) == evaluate(observations[::-1]) == evaluate(observations)


def test_baselines_stand_beside_the_score() -> None:
    observations = [seen(n, early=n, final=n) for n in range(1, 9)]
    for name in ("early_upvotes", "hacker_news", "reddit_hot"):
        assert figures(*observations, method=name)["spearman"] == 1


def run(path: Path, *arguments: str) -> str:
    output = StringIO()
    call_command("evaluate_trending", str(path), *arguments, stdout=output)
    return output.getvalue()


def make_file(path: Path, *rows: str) -> Path:
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return path


def test_a_file_is_evaluated_and_said_in_json(tmp_path: Path) -> None:
    rows = [f"2611.{n:05},2026-11-23,2026-11-23T08:00:00Z,{n},,,2027-06-26T08:00:00Z,{n * 2},1," for n in range(1, 8)]
    path = make_file(tmp_path / "x.csv", *rows)
    result = json.loads(run(path, "--json"))
    assert result["days"] == 1
    assert {"spearman", "top5_overlap", "top1"} <= result["score"].keys()
    assert "hacker_news" in run(path)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2611.00001,yesterday,2026-11-23T08:00:00Z,1,,,,2,,", "line 2.*yesterday"),
        ("2611.00001,2026-11-23,2026-11-23T08:00:00Z,,,,,2,,", "line 2"),
        ("2611.00001,2026-11-23", "line 2"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(row: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=reason):
        run(make_file(tmp_path / "x.csv", row))


def test_a_file_without_days_to_compare_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No day"):
        run(make_file(tmp_path / "x.csv"))
    with pytest.raises(CommandError, match="cannot be read"):
        run(tmp_path / "missing.csv")
