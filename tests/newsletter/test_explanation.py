from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from newsletter.explanation import MOST_NAMED, Account, Fate, explain_points, fate_of, muting_phrases
from newsletter.offer import Candidate, Offer
from newsletter.reasons import Kind
from newsletter.relevance import Case, Taste, reckon
from newsletter.selection import choose
from tests.newsletter.catalogue import candidate, offer, titles
from tests.newsletter.test_selection import offers, said, tastes

IDS = sorted(titles())
OF_ALL_FIELDS = [1, 2, 101, 102, 201, 202, 301, 302]


def case_of(offered: Offer, taste: Taste) -> Case:
    return Case(offered, reckon(offered, [taste]), taste, 0)


def account_of(taste: Taste, paper_id: int, *candidates: Candidate) -> Account:
    offered = offer(*(candidates or map(candidate, OF_ALL_FIELDS)))
    return explain_points(case_of(offered, taste), offered.places[paper_id])


@given(offers, tastes)
def test_the_parts_add_up_to_what_ranks(offered: list[Candidate], taste: Taste) -> None:
    case = case_of(offer(*offered), taste)
    totals = case.points.total[0]
    for place in range(len(offered)):
        account = explain_points(case, place)
        parts = [account.text, account.attention, account.matches, account.authors, account.topics, -account.less]
        assert sum(parts) == pytest.approx(account.total, abs=1e-4)
        assert account.total == totals[place]
        assert account.rank == 1 + np.count_nonzero(totals > totals[place])


@given(offers, tastes)
def test_what_is_named_adds_up_to_the_nearness_and_that_to_its_points(offered: list[Candidate], taste: Taste) -> None:
    case = case_of(offer(*offered), taste)
    for place in range(len(offered)):
        account = explain_points(case, place)
        near = account.nearness
        assert (near is not None) == case.points.has_taste[0]
        if near:
            named = sum(share.added for share in near.strongest)
            whole = named + near.others - near.background - near.ignored
            assert whole == pytest.approx(float(case.points.nearness[0, place]), abs=1e-5)
            assert len(near.strongest) <= MOST_NAMED
            assert all(share.added >= near.others / 99 for share in near.strongest)
            if account.text:
                assert (near.whole - near.usual) / near.deviation == pytest.approx(account.text, rel=0.01, abs=1e-3)


@given(offers, tastes)
def test_what_becomes_of_each_paper_is_what_the_choice_does(offered: list[Candidate], taste: Taste) -> None:
    offering = offer(*offered)
    (picks,) = choose(offering, [taste])
    case, chosen = case_of(offering, taste), [pick.paper_id for pick in picks]
    fates = {one.paper_id: fate_of(case, offering.places[one.paper_id], chosen) for one in offered}
    getting = {Fate.PINNED, Fate.CHOSEN, Fate.OUTSIDE}
    assert {paper_id for paper_id, fate in fates.items() if fate in getting} == set(chosen)
    strangers = {pick.paper_id for pick in picks if pick.why[0].kind == Kind.OUTSIDE}
    assert {paper_id for paper_id, fate in fates.items() if fate == Fate.OUTSIDE} == strangers
    if Fate.NO_ROOM in fates.values():
        assert len(picks) == taste.size


def test_what_is_liked_is_named_by_what_it_adds() -> None:
    account = account_of(Taste(said=(said(110), said(1), said(201), said(301), said(302)), interests=("video",)), 101)
    assert account.nearness
    shares = account.nearness.strongest
    assert {share.about for share in shares} >= {"video", 110}
    assert [share.added for share in shares] == sorted((share.added for share in shares), reverse=True)
    assert sum(share.share for share in shares) < 1


def test_what_is_followed_is_named() -> None:
    wanted = candidate(101, authors=("Ada Lovelace", "Bob"), topics={1: "Agents", 2: "Video"})
    word = titles()[101].lower().split()[0]
    taste = Taste(interests=("zymurgy", word), authors=("ada  LOVELACE", "Eve"), topics=frozenset({2, 3}))
    account = account_of(taste, 101, wanted, candidate(1))
    assert account.phrases == [word]
    assert account.names == ["ada  LOVELACE"]
    assert account.topic_names == ["Video"]
    assert (account.matches > 0, account.authors > 0, account.topics > 0) == (True, True, True)


def test_without_a_taste_there_is_no_nearness_and_the_order_of_the_edition_is_left() -> None:
    first, last = (account_of(Taste(), paper_id) for paper_id in (1, 302))
    assert (first.nearness, first.rank, last.rank) == (None, 1, 8)
    assert first.attention > last.attention
    assert first.total == first.attention


def test_ignored_words_are_told_by_what_they_would_have_added() -> None:
    taste = Taste(said=(said(110), said(112)))
    shared = next(word for word in titles()[110].lower().split() if word in titles()[101].lower().split())
    before, after = account_of(taste, 101).nearness, account_of(replace(taste, ignored=(shared,)), 101).nearness
    assert before
    assert after
    assert (before.ignored, after.ignored > 0) == (0, True)
    assert before.whole - after.whole == pytest.approx(after.ignored, abs=1e-5)


@pytest.mark.parametrize(
    ("taste", "fate"),
    [
        (Taste(), Fate.CHOSEN),
        (Taste(size=1), Fate.NO_ROOM),
        (Taste(seen=frozenset({101})), Fate.HAD),
        (Taste(said=(said(101, "less"),)), Fate.SPOKEN_OF),
        (Taste(muted=("zymurgy", titles()[101])), Fate.MUTED),
        (Taste(said=(said(210), said(211)), size=3), Fate.FAR),
    ],
)
def test_what_becomes_of_a_paper(taste: Taste, fate: Fate) -> None:
    # Four others are more in demand.
    offered = offer(*[candidate(one, score=9.0 - one / 100) for one in (1, 2, 3, 4, 201, 202)], candidate(101, score=1))
    (picks,) = choose(offered, [taste])
    assert fate_of(case_of(offered, taste), offered.places[101], [pick.paper_id for pick in picks]) == fate


def test_of_muted_phrases_those_are_named_that_stand_in_the_paper() -> None:
    case = case_of(offer(candidate(101)), Taste(muted=("zymurgy", titles()[101].split()[1])))
    assert muting_phrases(case, 0) == [titles()[101].split()[1]]
