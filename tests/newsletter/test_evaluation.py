import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from newsletter.evaluation.cold_start import evaluate_cold_start, keywords
from newsletter.evaluation.events import Catalogue, Contest, Event, daily, draw, weekly
from newsletter.evaluation.figures import Figures, measure, summarise
from newsletter.evaluation.leaks import LeakFound
from newsletter.evaluation.races import Fitter, Race, Scores, fit_until_then
from newsletter.evaluation.weekly import evaluate, likeness
from newsletter.offer import Offer
from newsletter.relevance import Taste, rank
from papers.text_model import Text, TextModel
from tests.newsletter.people import (
    FIELDS,
    MONDAY,
    make_paper,
    make_weeks,
    race,
    this_week,
)

# --- Figures --------------------------------------------------------------------------------------------------------


def test_a_target_on_top_is_worth_one() -> None:
    assert measure([7, 8, 9], {7}) == Figures(1, 1, 1)


def test_a_target_in_third_place_is_worth_half_its_gain() -> None:
    assert measure([7, 8, 9], {9}) == Figures(1 / math.log2(4), 1 / 3, 1)


def test_several_targets_are_compared_with_the_best_order_of_them() -> None:
    best = 1 + 1 / math.log2(3)
    assert measure([1, 7, 2, 8], {7, 8}).ndcg == pytest.approx((1 / math.log2(3) + 1 / math.log2(5)) / best)


def test_more_targets_than_ten_can_still_reach_one() -> None:
    assert measure(range(20), range(15)).ndcg == 1


def test_what_comes_after_ten_is_no_hit_but_has_its_rank() -> None:
    assert measure(range(20), {10}) == Figures(0, 1 / 11, 0)
    assert measure(range(20), {9}).hit == 1


def test_a_list_without_a_target_is_worth_nothing() -> None:
    assert measure([1, 2], {7}) == Figures(0, 0, 0)


def test_means_are_over_events_and_the_interval_over_people() -> None:
    figures = [Figures(1, 1, 1), Figures(0, 0.25, 0), Figures(0.5, 0.1, 1)]
    found = summarise(figures, ["a", "b", "b"])
    assert (found["ndcg@10"], found["mrr"], found["hit@10"]) == (0.5, 0.45, 0.6667)
    # Either only b, or only a, or both are drawn.
    assert found["ndcg@10_interval"] == [0.25, 1.0]


# --- Events ---------------------------------------------------------------------------------------------------------


def test_an_event_is_a_person_with_a_paper_this_week_and_three_before() -> None:
    catalogue, histories = make_weeks()
    [contest] = this_week(catalogue, histories)
    assert [catalogue.papers[place].day for place in contest.candidates] == sorted(
        (MONDAY + timedelta(days=day)).toordinal() for day in range(5) for _ in FIELDS
    )
    assert [event.user for event in contest.events] == sorted(histories)
    for event in contest.events:
        assert [*event.history, *event.targets] == histories[event.user]
        assert len(event.history) == 5


def test_two_papers_before_are_too_few_and_one_listed_this_week_is_not_before() -> None:
    catalogue, histories = make_weeks()
    few = {user: places[-3:] for user, places in histories.items()}
    assert this_week(catalogue, few) == []
    [contest] = this_week(catalogue, {**few, "robots 1": histories["robots 1"][-4:]})
    assert [event.user for event in contest.events] == ["robots 1"]
    wednesday = next(place for place in contest.candidates if catalogue.days[place] == MONDAY.toordinal() + 2)
    assert this_week(catalogue, {"robots 1": [*few["robots 1"][:2], wednesday, contest.candidates[-1]]}) == []


def test_the_last_paper_before_the_week_is_history_and_its_first_is_a_target() -> None:
    catalogue, _ = make_weeks()
    first = this_week(catalogue, {"somebody": [0, 1, 2, 110]})[0].candidates[0]
    [contest] = this_week(catalogue, {"somebody": [0, 1, first - 1, first]})
    assert contest.events == (Event("somebody", (0, 1, first - 1), frozenset({first})),)


def test_a_week_belongs_where_its_thursday_lies() -> None:
    catalogue, histories = make_weeks()
    thursday = MONDAY + timedelta(days=3)
    assert len(weekly(catalogue, histories, thursday, thursday)) == 1
    assert weekly(catalogue, histories, MONDAY, thursday - timedelta(days=1)) == []
    assert weekly(catalogue, histories, thursday + timedelta(days=1), MONDAY + timedelta(days=9)) == []
    # The first two weeks have nobody with enough papers, the third has only papers of two weeks before it.
    assert len(weekly(catalogue, histories, date.min, date.max)) == 3


def test_the_daily_form_ranks_the_papers_of_seven_days_for_who_has_one_today() -> None:
    catalogue, histories = make_weeks()
    tuesday = MONDAY + timedelta(days=1)
    [contest] = daily(catalogue, histories, tuesday, tuesday)
    assert contest.day == tuesday.toordinal()
    days = {catalogue.papers[place].day - tuesday.toordinal() for place in contest.candidates}
    assert days == {-6, -5, -4, -1, 0}
    assert [event.user for event in contest.events] == [f"{field} 1" for field in sorted(FIELDS)]
    assert all(event.targets == {histories[event.user][-1]} for event in contest.events)


def test_a_first_paper_makes_no_event_and_a_second_does() -> None:
    catalogue, histories = make_weeks(weeks=2)
    days = daily(catalogue, histories, date.min, date.max)
    assert [date.fromordinal(contest.day) for contest in days] == [
        MONDAY + timedelta(days=1),
        MONDAY + timedelta(days=3),
    ]


def test_what_somebody_has_from_before_is_not_ranked_for_them() -> None:
    catalogue, histories = make_weeks()
    thursday = MONDAY + timedelta(days=3)
    tuesday = [place for place in histories["robots 1"] if catalogue.days[place] == MONDAY.toordinal() + 1]
    mixed = {"robots 3": sorted([*histories["robots 3"], *tuesday])}
    [contest] = daily(catalogue, mixed, thursday, thursday)
    [event] = contest.events
    ranking = Race(catalogue, contest, fit_until_then(catalogue, contest)).order(
        event, np.zeros(len(contest.candidates))
    )
    assert set(contest.candidates) - set(ranking) == set(tuesday)


def test_a_sample_is_the_same_each_time_and_has_so_many_events() -> None:
    catalogue, histories = make_weeks()
    contests = weekly(catalogue, histories, date.min, date.max)
    sample = draw(contests, 5)
    assert sample == draw(contests, 5)
    assert sum(len(contest.events) for contest in sample) == 5
    whole = {(contest.day, event) for contest in contests for event in contest.events}
    assert {(contest.day, event) for contest in sample for event in contest.events} < whole
    assert draw(contests, 1000) == contests


# --- Methods --------------------------------------------------------------------------------------------------------


def test_where_nobody_counted_the_median_of_the_others_stands() -> None:
    papers = [make_paper(number, "robots", MONDAY, votes=votes) for number, votes in enumerate([0, None, 50, 1])]
    catalogue, contest = Catalogue.of(papers), Contest(range(4), MONDAY.toordinal(), ())
    assert [*Race(catalogue, contest, fit_until_then(catalogue, contest)).votes] == [0, 1, 50, 1]
    unread = Catalogue([replace(paper, early_upvotes=None) for paper in papers])
    assert [*Race(unread, contest, fit_until_then(unread, contest)).votes] == [0, 0, 0, 0]


def test_equals_are_ranked_by_arxiv_id() -> None:
    of_race = race()
    ranking = of_race.order(of_race.contest.events[0], np.zeros(len(of_race.places)))
    ids = [of_race.catalogue.papers[place].arxiv_id for place in ranking]
    assert ids == sorted(ids)


def test_scores_come_back_by_arxiv_id_whatever_the_order_of_the_offer() -> None:
    of_race = race()
    offer = of_race.offer(of_race.attention)
    by_id = of_race.by_id(offer, rank(offer, of_race.tastes))
    assert [one.paper_id for one in offer.candidates] != of_race.places
    assert np.array_equal(
        by_id[:, of_race.places.index(offer.candidates[0].paper_id)], rank(offer, of_race.tastes)[:, 0]
    )


def test_whoever_reads_texts_finds_the_field_and_whoever_does_not_does_not() -> None:
    catalogue, histories = make_weeks()
    result = evaluate(catalogue, weekly(catalogue, histories, date.min, date.max))
    blind = max(result["baselines"][name]["ndcg@10"] for name in ("random", "newest", "popularity"))
    seeing = {name: result["baselines"][name] for name in ("tfidf_centroid", "linear_svm")}
    for figures in (result["selection"], result["text_alone"], result["digest"], *seeing.values()):
        assert figures["ndcg@10"] > blind
    assert result["selection"] != result["text_alone"]
    assert (result["events"], result["users"], result["weeks"]) == (24, 8, 3)
    assert 0 < result["intra_list_similarity"]["digest"] < 1


def test_the_likeness_of_a_list_is_the_mean_over_its_pairs() -> None:
    of_race = race()
    offer = of_race.offer(of_race.attention)
    first, second, third = of_race.places[:3]
    vectors = of_race.model.vectors.toarray()
    pairs = [vectors[first] @ vectors[second], vectors[first] @ vectors[third], vectors[second] @ vectors[third]]
    assert likeness(offer, [third, first, second]) == pytest.approx(sum(pairs) / 3)
    assert likeness(offer, [first]) == likeness(offer, []) == 0


def test_the_order_of_people_and_the_run_do_not_matter() -> None:
    catalogue, histories = make_weeks()
    backwards = {user: histories[user] for user in sorted(histories, reverse=True)}
    assert evaluate(catalogue, this_week(catalogue, backwards)) == evaluate(catalogue, this_week(catalogue, histories))


def test_votes_are_those_of_the_listing_day_in_the_formula() -> None:
    of_race = race()
    offer = of_race.offer(of_race.attention)
    assert [one.score for one in offer.candidates] == sorted(np.log1p(of_race.votes), reverse=True)


def test_figures_by_hand_for_a_ranking_that_is_known() -> None:
    """Four candidates a day, five days; the ranking is by arXiv id, so the target of Tuesday is in place 5 to 8."""
    catalogue, histories = make_weeks()
    contests = this_week(catalogue, {"robots 1": histories["robots 1"], "images 1": histories["images 1"]})
    result = evaluate(catalogue, contests, ranker=lambda offer, tastes: np.zeros((len(tastes), len(offer.candidates))))
    # Fifth and eighth.
    assert result["selection"]["ndcg@10"] == round((1 / math.log2(6) + 1 / math.log2(9)) / 2, 4)
    assert result["selection"]["mrr"] == round((1 / 5 + 1 / 8) / 2, 4)
    assert result["selection"]["hit@10"] == 1


# --- Leaks ----------------------------------------------------------------------------------------------------------


def fitted_before_half_were_listed(catalogue: Catalogue, contest: Contest) -> TextModel:
    return fit_until_then(catalogue, replace(contest, day=contest.day - 2))


def fitted_on_what_comes_later(catalogue: Catalogue, contest: Contest) -> TextModel:
    return fit_until_then(catalogue, replace(contest, day=contest.day + 7))


def taken_in_without_fitting_anew(catalogue: Catalogue, contest: Contest) -> TextModel:
    """The words and their worth are those of two days before; papers that came since are only put into them."""
    old, new = fitted_before_half_were_listed(catalogue, contest), fit_until_then(catalogue, contest)
    vectors = old.vectors_of([Text(paper.title, paper.abstract) for paper in catalogue.papers[: len(new.paper_ids)]])
    return replace(old, paper_ids=new.paper_ids, days=new.days, vectors=vectors, postings=vectors.tocsc())


@pytest.mark.parametrize(
    ("fitter", "reason"),
    [
        (fitted_before_half_were_listed, "holds 112 papers, but 120"),
        (taken_in_without_fitting_anew, "document frequencies"),
    ],
)
@pytest.mark.parametrize("evaluation", [evaluate, evaluate_cold_start])
def test_a_model_older_than_some_candidates_is_a_leak(
    evaluation: Callable[..., Any], fitter: Fitter, reason: str
) -> None:
    catalogue, histories = make_weeks()
    with pytest.raises(LeakFound, match=reason):
        evaluation(catalogue, this_week(catalogue, histories), fitter=fitter)


def test_a_model_that_knows_later_papers_is_a_leak() -> None:
    catalogue, histories = make_weeks()
    before = weekly(catalogue, histories, MONDAY - timedelta(weeks=1), MONDAY)
    with pytest.raises(LeakFound, match="holds 120 papers, but 100"):
        evaluate(catalogue, before, fitter=fitted_on_what_comes_later)


def with_a_little_recency(offer: Offer, tastes: Sequence[Taste]) -> Scores:
    rows = offer.model.rows_of([candidate.paper_id for candidate in offer.candidates])
    return rank(offer, tastes) + 0.02 * (offer.model.days[rows] - offer.day)


def with_a_little_of_the_paper_id(offer: Offer, tastes: Sequence[Taste]) -> Scores:
    return rank(offer, tastes) + 0.001 * np.array([candidate.paper_id for candidate in offer.candidates])


@pytest.mark.parametrize("ranker", [with_a_little_recency, with_a_little_of_the_paper_id])
def test_a_ranking_that_knows_the_age_of_candidates_is_a_leak(ranker: Any) -> None:
    catalogue, histories = make_weeks()
    with pytest.raises(LeakFound, match="days on which the candidates were listed"):
        evaluate(catalogue, this_week(catalogue, histories), ranker=ranker)


def test_histories_among_the_candidates_days_are_a_leak() -> None:
    catalogue, histories = make_weeks()
    thursday = MONDAY + timedelta(days=3)
    both = {"robots": sorted(histories["robots 1"] + histories["robots 3"])}
    with pytest.raises(LeakFound, match="newest of them by construction"):
        evaluate(catalogue, daily(catalogue, both, thursday, thursday))


# --- Little is known ------------------------------------------------------------------------------------------------


def test_keywords_are_those_most_papers_share_and_equals_go_by_alphabet() -> None:
    told = [("b", "a", "x"), ("x", "c"), ("d", "x")]
    papers = [replace(make_paper(number, "robots", MONDAY), keywords=words) for number, words in enumerate(told)]
    assert keywords(Catalogue.of(papers), Event("somebody", (0, 1, 2), frozenset())) == ("x", "a", "b")


def test_a_liked_paper_and_keywords_find_the_field() -> None:
    catalogue, histories = make_weeks()
    result = evaluate_cold_start(catalogue, daily(catalogue, histories, MONDAY, MONDAY + timedelta(days=6)))
    for name in ("three_keywords", "one_liked_paper", "three_keywords_plain"):
        assert result[name]["ndcg@10"] > result["popularity"]["ndcg@10"]
    assert (result["events"], result["users"], result["days"]) == (8, 8, 2)


def test_the_papers_that_keywords_were_taken_from_do_not_tell_what_they_mean() -> None:
    catalogue, histories = make_weeks()
    own = histories["robots 1"][:-1]
    papers = [
        replace(paper, keywords=("zygote",), abstract=f"{paper.abstract} zygote") if place in own else paper
        for place, paper in enumerate(catalogue.papers)
    ]
    found: dict[str, bool] = {}

    def ask(offer: Offer, tastes: Sequence[Taste]) -> Scores:
        for phrase in {phrase for taste in tastes for phrase in taste.interests}:
            found[phrase] = offer.asked([phrase])[phrase].meaning is not None
        return rank(offer, tastes)

    tuesday = MONDAY + timedelta(days=1)
    evaluate_cold_start(Catalogue(papers), daily(Catalogue(papers), histories, tuesday, tuesday), ranker=ask)
    # Others write of voices and theorems, too; of zygotes only who is asked.
    assert found == {"zygote": False, "voice": True, "theorem": True, "pixel": True}


def test_nobody_is_left_out_for_having_no_keywords() -> None:
    catalogue, histories = make_weeks()
    silent = Catalogue([replace(paper, keywords=()) for paper in catalogue.papers])
    result = evaluate_cold_start(silent, daily(silent, histories, MONDAY, MONDAY + timedelta(days=6)))
    assert result["events"] == 8
    assert result["three_keywords"]["ndcg@10"] > 0
