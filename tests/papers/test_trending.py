"""The score on constructed series: growth, lift, caps, missing signals, weekends."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.readings import KINDS, Observed, Reading, columns
from papers.trending import HALF_LIVES, LISTED_POINTS, Part, Score, in_words, score_all

# A Wednesday.
AT = datetime(2026, 11, 18, 18, 0, tzinfo=UTC)
TODAY = AT.date()
WINDOWS = sorted(HALF_LIVES)


def read(value: int, *, kind: str = "upvotes", hours_ago: float = 0, series: str = "huggingface") -> Reading:
    return Reading(series, kind, value, AT - timedelta(hours=hours_ago))


def paper(key: str, *readings: Reading, listed_on: date | None = TODAY, category: str = "") -> Observed:
    return Observed(key, readings, category=category, listed_on=listed_on)


def scores(*papers: Observed, window: str = "day", at: datetime = AT) -> dict[str, Score]:
    return score_all(columns(papers), at=at, window=window)


def score_of(*readings: Reading, listed_on: date | None = TODAY, window: str = "day", at: datetime = AT) -> Score:
    """The score of a paper that is alone in the world; 0 without parts when it has none."""
    return scores(paper("it", *readings, listed_on=listed_on), window=window, at=at).get("it", Score(0.0, []))


def parts_of(score: Score) -> dict[str, Part]:
    return {part["kind"]: part for part in score.parts}


def past_papers(count: int, *, upvotes: int, category: str = "", days: Iterable[int] = range(1, 11)) -> list[Observed]:
    """Papers of the announcement days before today, `count` a day, each with these upvotes at this time of its day."""
    listed = [day for n in days if (day := TODAY - timedelta(days=n)).weekday() < 5]
    return [
        Observed(
            f"past-{category}-{day}-{number}",
            [Reading("huggingface", "upvotes", upvotes, datetime(day.year, day.month, day.day, 17, tzinfo=UTC))],
            category=category,
            listed_on=day,
        )
        for day in listed
        for number in range(count)
    ]


# --- Growth ------------------------------------------------------------------------------------------------------


def test_a_first_count_of_upvotes_on_the_listing_day_is_all_gain() -> None:
    part = parts_of(score_of(read(7)))["upvotes"]
    assert part["gain"] == 7
    assert part["points"] == pytest.approx(0.6 * (log2(8) + 2))


def test_later_readings_add_what_they_gained() -> None:
    grown = score_of(read(3, hours_ago=6), read(10))
    assert parts_of(grown)["upvotes"]["gain"] == 10
    assert parts_of(grown)["upvotes"]["decayed"] == pytest.approx(3 * 2**-0.25 + 7, abs=0.01)


def test_a_first_count_long_after_the_listing_is_where_counting_begins() -> None:
    # Somebody fetched the list of a year ago: its thousand upvotes are no news.
    assert score_of(read(1_000), listed_on=date(2025, 11, 18)) == Score(0.0, [])
    later = score_of(read(1_000, hours_ago=5), read(1_004), listed_on=date(2025, 11, 18))
    assert parts_of(later)["upvotes"]["gain"] == 4


def test_a_first_count_of_stars_is_where_counting_begins() -> None:
    assert score_of(read(5_000, kind="stars")) == Score(0.0, [])
    part = parts_of(score_of(read(5_000, kind="stars", hours_ago=5), read(5_003, kind="stars")))["stars"]
    assert part["gain"] == 3


def test_a_count_that_falls_is_no_gain_and_no_loss() -> None:
    fallen = score_of(read(9, hours_ago=2), read(4, hours_ago=1))
    assert fallen.value == score_of(read(9, hours_ago=2)).value


def test_growth_now_beats_the_same_growth_yesterday() -> None:
    yesterday = TODAY - timedelta(days=1)
    now = paper("now", read(10, hours_ago=30), read(60), listed_on=yesterday)
    then = paper("then", read(10, hours_ago=30), read(60, hours_ago=24), listed_on=yesterday)
    assert list(scores(now, then)) == ["now", "then"]


@pytest.mark.parametrize(("window", "half_life"), HALF_LIVES.items())
def test_a_gain_a_half_life_ago_counts_half(window: str, half_life: int) -> None:
    # Weekends between do not count: one day is one calendar day, three are three, ten are fourteen.
    calendar_days = {1: 1, 3: 5, 10: 14}[half_life]
    listed = TODAY - timedelta(days=calendar_days)
    scored = score_of(read(600, hours_ago=24 * calendar_days), listed_on=listed, window=window)
    assert parts_of(scored)["upvotes"]["decayed"] == pytest.approx(300)


def test_a_burst_in_an_old_paper_is_news_and_its_thousand_of_last_year_are_not() -> None:
    old = [read(1_000, hours_ago=24 * 100), read(1_001, hours_ago=3), read(1_061)]
    assert parts_of(score_of(*old, listed_on=TODAY - timedelta(days=100)))["upvotes"]["gain"] == 61


def test_without_any_gain_there_is_no_score() -> None:
    assert scores(paper("unread"), paper("nobody", read(0))) == {}


# --- Lift --------------------------------------------------------------------------------------------------------


def test_lift_is_shrunk_doublings_over_what_is_usual_at_that_age() -> None:
    part = parts_of(scores(*past_papers(5, upvotes=10), paper("it", read(70)))["it"])["upvotes"]
    usual = 10 * 2 ** (-1 / 24)  # read an hour before this time of the day
    assert part["usual"] == pytest.approx(usual, abs=0.01)
    assert part["times"] == pytest.approx(75 / (usual + 5), abs=0.01)
    assert part["points"] == pytest.approx(0.6 * (log2(71) + log2(75 / (usual + 5)) + 2))


def test_the_same_gain_counts_more_where_less_is_usual() -> None:
    quiet, busy = past_papers(10, upvotes=5, category="math.AG"), past_papers(10, upvotes=200, category="cs.AI")
    here = [paper("quiet", read(40), category="math.AG"), paper("busy", read(40), category="cs.AI")]
    ranked = scores(*quiet, *busy, *here)
    assert [key for key in ranked if key in {"quiet", "busy"}] == ["quiet", "busy"]
    assert parts_of(ranked["quiet"])["upvotes"]["cohort"] == "math.AG"


def test_a_category_with_few_papers_is_measured_mostly_by_all_and_not_named() -> None:
    few = past_papers(1, upvotes=1, category="math.AG", days=[1])
    part = parts_of(scores(*few, *past_papers(10, upvotes=100), paper("it", read(40), category="math.AG"))["it"])
    assert part["upvotes"]["cohort"] == ""
    assert part["upvotes"]["usual"] > 80


def test_one_where_nothing_is_usual_is_not_ten_times_as_much() -> None:
    part = parts_of(scores(*past_papers(20, upvotes=0), paper("it", read(1)))["it"])["upvotes"]
    assert part["times"] == pytest.approx(6 / 5)


def test_lift_has_bounds() -> None:
    background = past_papers(20, upvotes=0)
    comments = [read(value, kind="comments") for value in (5, 200)]
    quiet, loud = (parts_of(scores(*background, paper("it", read(200), one))["it"])["upvotes"] for one in comments)
    # 200 where nothing is usual are 5.4 doublings, of which 5 count: with many comments they are not cut by the half.
    assert loud["points"] == pytest.approx(0.6 * (log2(201) + 5 + 2))
    assert quiet["times"] == loud["times"] == pytest.approx(41)


def test_without_enough_papers_to_compare_with_nothing_is_said_of_the_usual() -> None:
    part = parts_of(scores(*past_papers(1, upvotes=10, days=[1, 2]), paper("it", read(70)))["it"])["upvotes"]
    assert "usual" not in part
    assert part["points"] == pytest.approx(0.6 * (log2(71) + 2))


def test_a_paper_is_compared_with_papers_of_its_own_age() -> None:
    # Two days old papers have gained long ago; the gain of a day they have now is nearly nothing.
    two_days_old = TODAY - timedelta(days=2)
    old = paper("old", read(10, hours_ago=50), read(60), listed_on=two_days_old)
    young = paper("young", read(10, hours_ago=10), read(60))
    ranked = scores(*past_papers(10, upvotes=50), old, young)
    assert parts_of(ranked["old"])["upvotes"]["times"] > 2 * parts_of(ranked["young"])["upvotes"]["times"]


# --- Caps --------------------------------------------------------------------------------------------------------


def test_one_signal_never_makes_more_than_half() -> None:
    scored = score_of(read(1_000_000), read(0, kind="comments"))
    assert parts_of(scored)["upvotes"]["points"] == pytest.approx(scored.value / 2)


def test_upvotes_bought_beyond_the_cap_buy_nothing() -> None:
    few_comments = read(1, kind="comments")
    bought = [score_of(read(upvotes), few_comments).value for upvotes in (1_000_000, 10_000_000)]
    assert bought[0] == pytest.approx(bought[1])


def test_the_listing_counts_as_much_as_the_other_signals_up_to_its_limit() -> None:
    weak, strong = score_of(read(1)), score_of(read(500), read(60, kind="comments"))
    assert parts_of(weak)["listed"]["points"] == pytest.approx(weak.value / 2)
    assert parts_of(strong)["listed"]["points"] == LISTED_POINTS


def test_a_paper_that_nobody_listed_ranks_below_a_listed_one() -> None:
    gains = [read(10, hours_ago=3), read(30)]
    ranked = scores(paper("listed", *gains), paper("unlisted", *gains, listed_on=None))
    assert list(ranked) == ["listed", "unlisted"]
    assert "listed" not in parts_of(ranked["unlisted"])


def test_bought_stars_are_cut_to_what_the_most_starred_papers_of_that_age_gain() -> None:
    def starred(key: str, stars: int, listed_on: date) -> Observed:
        morning = datetime(listed_on.year, listed_on.month, listed_on.day, 9, tzinfo=UTC)
        readings = [
            Reading("github", "stars", value, morning + timedelta(hours=n)) for n, value in ((0, 7), (8, 7 + stars))
        ]
        return Observed(key, readings, listed_on=listed_on)

    honest = [
        starred(f"{day}-{number}", number % 40, TODAY - timedelta(days=day))
        for day in range(1, 9)
        for number in range(40)
    ]
    scored = parts_of(scores(*honest, starred("bought", 6_000, TODAY))["bought"])["stars"]
    assert scored["gain"] == 6_000
    assert scored["decayed"] <= 40


# --- Missing signals ---------------------------------------------------------------------------------------------


@given(upvotes=st.integers(1, 1000), window=st.sampled_from(WINDOWS))
def test_a_kind_that_was_not_read_is_not_a_zero(upvotes: int, window: str) -> None:
    unread = score_of(read(upvotes), window=window)
    assert "comments" not in parts_of(unread)
    assert unread.value > score_of(read(upvotes), read(0, kind="comments"), window=window).value


def test_a_kind_that_was_not_read_counts_as_usual() -> None:
    background = past_papers(10, upvotes=10)
    unread = parts_of(scores(*background, paper("it", read(8, kind="comments")))["it"])["unread"]
    usual_upvotes = 10 * 2 ** (-1 / 24)
    assert unread["points"] == pytest.approx(0.6 * (log2(1 + usual_upvotes) + 2) + 0.15 * (log2(2) + 2))


def test_a_kind_the_formula_does_not_know_is_left_out() -> None:
    assert score_of(read(3), read(99, kind="citations")) == score_of(read(3))


def test_the_counts_of_two_sources_are_not_mixed() -> None:
    one = [read(10, hours_ago=3), read(12, hours_ago=1)]
    other = [read(1_000, hours_ago=2, series="other"), read(1_001, series="other")]
    assert parts_of(score_of(*one, *other))["upvotes"]["gain"] == 12 + 1_001


# --- Weekends ----------------------------------------------------------------------------------------------------


def test_a_weekend_makes_no_paper_older() -> None:
    friday, monday = date(2026, 11, 20), datetime(2026, 11, 23, 0, tzinfo=UTC)
    evening = Reading("huggingface", "upvotes", 40, datetime(2026, 11, 20, 23, tzinfo=UTC))
    saturday = score_of(evening, listed_on=friday, at=datetime(2026, 11, 21, 6, tzinfo=UTC))
    assert score_of(evening, listed_on=friday, at=monday).value == pytest.approx(saturday.value)


def test_fridays_paper_stands_on_monday_as_wednesdays_on_thursday() -> None:
    def a_day_later(listed: datetime, later: datetime) -> float:
        readings = [
            Reading("huggingface", "upvotes", value, listed + timedelta(hours=hour))
            for hour, value in ((9, 5), (17, 50))
        ]
        return score_of(*readings, listed_on=listed.date(), at=later).value

    friday, wednesday = datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 18, tzinfo=UTC)
    assert a_day_later(friday, friday + timedelta(days=3, hours=17)) == pytest.approx(
        a_day_later(wednesday, wednesday + timedelta(days=1, hours=17))
    )


# --- Order and determinism ---------------------------------------------------------------------------------------

READINGS = st.lists(
    st.builds(
        read,
        st.integers(0, 10_000),
        kind=st.sampled_from(KINDS),
        hours_ago=st.integers(0, 24 * 60),
        series=st.sampled_from(["huggingface", "sample"]),
    ),
    max_size=12,
)
DAYS = st.none() | st.integers(0, 40).map(lambda n: TODAY - timedelta(days=n))
PAPERS = st.lists(st.tuples(READINGS, DAYS, st.sampled_from(["", "cs.CL"])), min_size=1, max_size=6)


def made(drawn: Sequence[tuple[list[Reading], date | None, str]]) -> list[Observed]:
    return [Observed(f"p{n}", readings, category, day) for n, (readings, day, category) in enumerate(drawn)]


@given(drawn=PAPERS, window=st.sampled_from(WINDOWS), data=st.data())
def test_the_order_of_papers_and_readings_does_not_matter(
    drawn: list[tuple[list[Reading], date | None, str]], window: str, data: st.DataObject
) -> None:
    papers = made(drawn)
    shuffled = [
        Observed(one.key, data.draw(st.permutations(one.readings)), one.category, one.listed_on)
        for one in data.draw(st.permutations(papers))
    ]
    again, before = scores(*shuffled, window=window), scores(*papers, window=window)
    assert list(again) == list(before)
    for key, scored in before.items():
        assert again[key].value == pytest.approx(scored.value)


@given(drawn=PAPERS, window=st.sampled_from(WINDOWS))
def test_points_add_up_to_the_value_and_no_signal_makes_more_than_half(
    drawn: list[tuple[list[Reading], date | None, str]], window: str
) -> None:
    for scored in scores(*made(drawn), window=window).values():
        points = [part["points"] for part in scored.parts]
        assert sum(points) == pytest.approx(scored.value)
        assert points == sorted(points, reverse=True)
        signals = [part["points"] for part in scored.parts if part["kind"] != "unread"]
        assert all(0 <= point <= scored.value / 2 + 1e-9 for point in signals)


@given(drawn=PAPERS, window=st.sampled_from(WINDOWS))
def test_readings_after_the_moment_do_not_count(
    drawn: list[tuple[list[Reading], date | None, str]], window: str
) -> None:
    papers = made(drawn)
    later = [read(9_999, hours_ago=-hours) for hours in (1, 30)]
    grown = [Observed(one.key, [*one.readings, *later], one.category, one.listed_on) for one in papers]
    assert scores(*grown, window=window) == scores(*papers, window=window)


@given(readings=READINGS, more=st.integers(0, 10_000), window=st.sampled_from(WINDOWS))
def test_more_upvotes_never_lower_the_score(readings: list[Reading], more: int, window: str) -> None:
    before = [reading for reading in readings if reading.observed_at < AT]
    few, many = (score_of(*before, read(10_000 + extra), window=window).value for extra in (0, more))
    assert many >= few - 1e-9


def test_ties_are_broken_by_key() -> None:
    assert list(scores(*(paper(key, read(5)) for key in "cab"))) == ["a", "b", "c"]


def test_only_as_many_as_asked_for_are_kept() -> None:
    many = columns(paper(f"{n:02}", read(n), read(n, kind="comments")) for n in range(1, 20))
    assert list(score_all(many, at=AT, window="day", keep=2)) == ["19", "18"]


def test_an_unknown_window_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="year"):
        score_of(read(1), window="year")


# --- In words ----------------------------------------------------------------------------------------------------


def _part(kind: str, gain: int, **more: object) -> Part:
    return {"kind": kind, "gain": gain, "points": 1.0, "since": "since yesterday", **more}  # type: ignore[typeddict-item]


LISTED: Part = {"kind": "listed", "points": 2.0}


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([_part("upvotes", 84), _part("comments", 1)], "+84 upvotes, +1 comment since yesterday"),
        (
            [_part("upvotes", 84, times=6.2, cohort="cs.CL")],
            "+84 upvotes since yesterday, 6× usual for cs.CL at this age",
        ),
        ([LISTED, _part("upvotes", 84, times=2.5, cohort="")], "+84 upvotes since yesterday, 2× usual at this age"),
        ([_part("upvotes", 84, times=1.9, cohort="cs.CL")], "+84 upvotes since yesterday"),
        ([_part("upvotes", 1), _part("stars", 1_234)], "+1 upvote, +1,234 GitHub stars since yesterday"),
        ([_part("upvotes", 3), _part("comments", 0)], "+3 upvotes since yesterday"),
        ([_part("upvotes", 0), LISTED], ""),
        ([], ""),
    ],
)
def test_gains_are_said_in_words(parts: Sequence[Part], expected: str) -> None:
    assert in_words(parts) == expected


def test_gains_are_told_over_the_shortest_span_that_has_any() -> None:
    three_days_ago = TODAY - timedelta(days=2)
    scored = score_of(read(30, hours_ago=40), read(30), listed_on=three_days_ago)
    assert in_words(scored.parts) == "+30 upvotes in the last week"


def test_on_a_monday_a_day_ago_is_called_friday() -> None:
    monday = datetime(2026, 11, 23, 18, tzinfo=UTC)
    reading = Reading("huggingface", "upvotes", 8, monday)
    assert in_words(score_of(reading, listed_on=monday.date(), at=monday).parts) == "+8 upvotes since Friday"


def test_a_month_speaks_of_a_month() -> None:
    assert in_words(score_of(read(8), window="month").parts) == "+8 upvotes in the last month"


def test_parts_that_were_frozen_under_the_first_formula_still_say_the_counts() -> None:
    assert in_words([{"kind": "upvotes", "gain": 84, "points": 5.0}, {"kind": "stars", "gain": 0, "points": 0.0}]) == (
        "+84 upvotes"
    )
