from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from papers.models import Paper, Signal, SourceRun, TrendingScore
from papers.scoring import rank_papers, score_due, score_missing_days, score_papers
from papers.trending import VERSION
from tests.factories import NOW, TODAY, make_paper

pytestmark = pytest.mark.django_db


def add_reading(paper: Paper, value: int, *, at: datetime = NOW, kind: str = "upvotes") -> None:
    Signal.objects.create(paper=paper, source="huggingface", kind=kind, value=value, observed_at=at)


def ranked_titles(*, at: datetime = NOW, window: str = "day") -> list[str]:
    return [paper.title for paper, _ in rank_papers(at=at, window=window)]


def dump_scores() -> list[tuple[object, ...]]:
    fields = ("paper_id", "window", "score", "parts", "version", "scored_at")
    return list(TrendingScore.objects.order_by("window", "paper_id").values_list(*fields))


def test_papers_are_ranked_best_first() -> None:
    for upvotes in (5, 50, 20):
        make_paper(title=f"{upvotes} upvotes", upvotes=upvotes)
    assert ranked_titles() == ["50 upvotes", "20 upvotes", "5 upvotes"]


def test_ties_are_broken_by_key() -> None:
    for letter in "bca":
        make_paper(title=letter, key=f"title:{letter}", arxiv_id=None)
    assert ranked_titles() == ["a", "b", "c"]


def test_hidden_papers_are_left_out() -> None:
    make_paper(title="Shown")
    make_paper(title="Hidden", is_hidden=True, upvotes=1_000)
    score_papers(NOW)
    assert ranked_titles() == ["Shown"]
    assert set(TrendingScore.objects.values_list("paper__title", flat=True)) == {"Shown"}


def test_papers_without_any_gain_are_left_out() -> None:
    make_paper(title="No votes", upvotes=0)
    make_paper(title="No readings", upvotes=None)
    stars = make_paper(title="A first count of stars", upvotes=None)
    add_reading(stars, 9_000, kind="stars")
    assert ranked_titles() == []


def test_readings_from_before_the_window_are_where_counting_begins() -> None:
    paper = make_paper(upvotes=100, listed_on=TODAY - timedelta(days=60))
    add_reading(paper, 101)
    ((_, scored),) = rank_papers(at=NOW, window="day")
    assert [part.get("gain") for part in scored.parts if part["kind"] == "upvotes"] == [1]


def test_a_paper_nobody_read_within_the_window_is_not_trending() -> None:
    make_paper(listed_on=TODAY - timedelta(days=20))
    assert ranked_titles(window="day") == []
    assert len(ranked_titles(window="week")) == 1


def test_sources_of_one_paper_are_not_mixed() -> None:
    paper = make_paper(upvotes=10)
    Signal.objects.create(paper=paper, source="other", kind="upvotes", value=900, observed_at=NOW - timedelta(hours=2))
    Signal.objects.create(paper=paper, source="other", kind="upvotes", value=905, observed_at=NOW)
    ((_, scored),) = rank_papers(at=NOW, window="day")
    assert [part["gain"] for part in scored.parts if part["kind"] == "upvotes"] == [10 + 905]


def test_a_past_day_is_ranked_as_it_was_then() -> None:
    early = make_paper(title="Early", upvotes=10)
    make_paper(title="Late", upvotes=5)
    add_reading(early, 11, at=NOW + timedelta(hours=1))
    before = [(paper.title, scored) for paper, scored in rank_papers(at=NOW, window="day")]
    add_reading(Paper.objects.get(title="Late"), 500, at=NOW + timedelta(hours=2))
    assert [(paper.title, scored) for paper, scored in rank_papers(at=NOW, window="day")] == before
    assert ranked_titles(at=NOW + timedelta(hours=3)) == ["Late", "Early"]


def test_scores_are_kept_for_every_window_with_their_parts() -> None:
    paper = make_paper(upvotes=10)
    assert score_papers(NOW) == 1
    assert set(TrendingScore.objects.values_list("window", flat=True)) == {"day", "week", "month"}
    kept = TrendingScore.objects.get(window="day")
    ((_, scored),) = rank_papers(at=NOW, window="day")
    assert (kept.paper, kept.score, kept.parts) == (paper, scored.value, scored.parts)
    assert (kept.version, kept.scored_at, kept.day) == (VERSION, NOW, TODAY)
    assert kept.in_words == "+10 upvotes since Friday"


def test_scoring_twice_replaces_the_scores() -> None:
    make_paper(upvotes=10)
    make_paper(upvotes=3)
    score_papers(NOW)
    first = dump_scores()
    score_papers(NOW)
    assert dump_scores() == first
    later = NOW + timedelta(hours=1)
    score_papers(later)
    assert len(dump_scores()) == len(first)
    assert {scored_at for *_, scored_at in dump_scores()} == {later}


def test_a_score_goes_when_its_paper_stops_trending_within_the_day() -> None:
    paper = make_paper()
    score_papers(NOW)
    Paper.objects.filter(pk=paper.pk).update(is_hidden=True)
    score_papers(NOW + timedelta(hours=1))
    assert TrendingScore.objects.count() == 0


def test_the_scores_of_a_past_day_stay_as_they_were() -> None:
    make_paper(title="Monday", upvotes=10)
    score_papers(NOW)
    before = dump_scores()
    make_paper(title="Tuesday", upvotes=90, listed_on=TODAY + timedelta(days=1))
    score_papers(NOW + timedelta(days=1))
    assert [row for row in dump_scores() if row[-1] == NOW] == before
    tomorrow = TrendingScore.objects.ranked("day", TODAY + timedelta(days=1))
    assert [score.paper.title for score in tomorrow] == ["Tuesday", "Monday"]
    assert TrendingScore.objects.latest_day("day") == TODAY + timedelta(days=1)


def test_days_without_scores_are_scored_as_they_ended() -> None:
    for days_ago in (1, 3, 4):
        make_paper(title=f"{days_ago} days ago", listed_on=TODAY - timedelta(days=days_ago))
    score_papers(datetime(2026, 11, 20, 12, tzinfo=UTC))
    before = dump_scores()
    assert score_missing_days(TODAY - timedelta(days=4), TODAY) == [
        TODAY - timedelta(days=4),
        TODAY - timedelta(days=1),
    ]
    assert [row for row in dump_scores() if row in before] == before
    thursday = TrendingScore.objects.ranked("day", TODAY - timedelta(days=4))
    assert [score.paper.title for score in thursday] == ["4 days ago"]
    assert score_missing_days(TODAY - timedelta(days=4), TODAY) == []


def test_scoring_is_due_after_a_source_was_read_and_after_an_hour() -> None:
    make_paper()
    assert score_due(NOW)
    assert not score_due(NOW + timedelta(minutes=59))
    SourceRun.objects.create(source="huggingface", started_at=NOW, finished_at=NOW + timedelta(minutes=1), signals=1)
    assert score_due(NOW + timedelta(minutes=2))
    assert not score_due(NOW + timedelta(minutes=3))
    assert score_due(NOW + timedelta(minutes=62))


def test_what_was_missed_is_scored_a_day_at_a_time_the_latest_first() -> None:
    for days_ago in (3, 4):
        make_paper(listed_on=TODAY - timedelta(days=days_ago))
    days = []
    while score_due(NOW):
        days = sorted(set(TrendingScore.objects.values_list("day", flat=True)))
    assert days == [TODAY - timedelta(days=4), TODAY - timedelta(days=3), TODAY]


def test_with_nothing_to_score_nothing_is_due_again() -> None:
    make_paper(upvotes=0)
    assert not score_due(NOW)


def test_an_older_scoring_that_ends_last_changes_nothing() -> None:
    make_paper()
    score_papers(NOW)
    before = dump_scores()
    score_papers(NOW - timedelta(hours=2))
    assert dump_scores() == before


def test_only_the_best_of_a_day_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("papers.scoring.KEPT", 2)
    for upvotes in (1, 2, 3):
        make_paper(title=str(upvotes), upvotes=upvotes)
    score_papers(NOW)
    assert [score.paper.title for score in TrendingScore.objects.ranked("day", TODAY)] == ["3", "2"]


def test_ranking_takes_no_more_queries_for_more_papers() -> None:
    score_papers(NOW)  # the first ever makes the row that later ones wait at
    counts = []
    for _ in range(2):
        for _ in range(10):
            make_paper()
        with CaptureQueriesContext(connection) as queries:
            score_papers(NOW)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_midnight_readings_of_today_count_today() -> None:
    make_paper(title="Today", listed_on=TODAY)
    assert ranked_titles(at=datetime(2026, 11, 23, tzinfo=UTC)) == ["Today"]
