import pytest
from hypothesis import given

from newsletter.offer import Candidate, same_name
from newsletter.reasons import LONGEST_TITLE, Kind, Why, in_words
from newsletter.relevance import CHANCE, FLOOR, HALF_LIFE, Taste, reckon
from newsletter.selection import choose
from papers.text import plain
from tests.newsletter.catalogue import DAY, candidate, model, offer, titles
from tests.newsletter.test_selection import offers, reasons, said, tastes


def alike(one: int, other: int) -> float:
    """How alike two papers are, from their vectors alone; nothing where the model lacks one."""
    rows = model().rows_of([one, other])
    if min(rows) < 0:
        return 0.0
    return float((model().vectors[rows[0]] @ model().vectors[rows[1]].T).toarray()[0, 0])


def added_by(taste: Taste, paper_id: int) -> dict[int, float]:
    """What each liked paper adds to the nearness of another."""
    return {
        one.paper_id: alike(one.paper_id, paper_id) * 0.5 ** ((DAY - one.day) / HALF_LIFE)
        for one in taste.said
        if one.kind != "less"
    }


@given(offers, tastes)
def test_every_reason_is_true(offered: list[Candidate], taste: Taste) -> None:
    """Each is looked up where it comes from, not where it was ranked."""
    on_offer = offer(*offered)
    by_id = {one.paper_id: one for one in offered}
    kinds = {one.paper_id: one.kind for one in taste.said}
    points = reckon(on_offer, [taste])
    for pick in choose(on_offer, [taste])[0]:
        paper, place = by_id[pick.paper_id], on_offer.places[pick.paper_id]
        is_near = points.has_taste[0] and points.nearness[0, place] > FLOOR
        assert pick.why
        for kind, about in pick.why:
            if kind in {Kind.SAVED, Kind.LIKED}:
                assert kinds[int(about)] == {Kind.SAVED: "saved", Kind.LIKED: "more"}[kind]
                assert alike(int(about), pick.paper_id) > CHANCE
                assert is_near
                added = added_by(taste, pick.paper_id)
                assert added[int(about)] == pytest.approx(max(added.values()), abs=1e-5)
            else:
                is_true = {
                    Kind.PINNED: paper.is_pinned,
                    Kind.MATCHES: about in taste.interests and plain(str(about)) in paper.text,
                    Kind.AUTHOR: about in paper.authors and same_name(str(about)) in map(same_name, taste.authors),
                    Kind.TOPIC: about in {name for topic, name in paper.topics.items() if topic in taste.topics},
                    Kind.MEANT: is_near and about in taste.interests and plain(str(about)) not in paper.text,
                    Kind.TASTE: is_near,
                    Kind.TRENDING: about == paper.attention,
                    Kind.OUTSIDE: points.has_taste[0] and not is_near,
                    Kind.EDITION: not paper.attention,
                }
                assert is_true[kind], (kind, about)


@given(offers, tastes)
def test_nothing_that_was_asked_for_is_left_untold(offered: list[Candidate], taste: Taste) -> None:
    by_id = {one.paper_id: one for one in offered}
    for pick in choose(offer(*offered), [taste])[0]:
        paper = by_id[pick.paper_id]
        if not paper.is_pinned:
            matched = {phrase for phrase in taste.interests if plain(phrase) in paper.text}
            assert {why.about for why in pick.why if why.kind == Kind.MATCHES} == matched


# --- In words ----------------------------------------------------------------------------------------------------


def test_a_plural_interest_meets_a_singular_word_but_not_a_part_of_one() -> None:
    offered = offer(candidate(901, text=plain("One agent")), candidate(902, text=plain("Reagent discovery")))
    assert reasons(offered, Taste(interests=("agents",))) == {901: "matches “agents”", 902: "trending: +5 upvotes"}


def test_several_reasons_are_told_in_one_sentence() -> None:
    taste = Taste(interests=("robot",), authors=("Bob Ada",), topics=frozenset({3}), said=(said(1),))
    paper = candidate(2, text=plain("A robot"), authors=("Bob Ada",), topics={3: "Robotics"})
    assert reasons(offer(paper, candidate(201)), taste)[2] == (
        "matches “robot”, by Bob Ada, whom you follow, in Robotics, which you follow, "
        f"because you liked “{titles()[1]}”"
    )


def test_a_reason_stays_short_however_much_somebody_asked_for() -> None:
    words = [f"word{number}" for number in range(250)]
    assert in_words([Why(Kind.MATCHES, word) for word in words], {}) == (
        "matches “word0” and “word1” and “word2” and 247 more"
    )
    assert in_words([Why(Kind.MATCHES, word) for word in words[:3]], {}) == "matches “word0” and “word1” and “word2”"
    told = in_words([Why(Kind.MATCHES, " ".join(words))], {})
    assert len(told) <= len("matches “”") + LONGEST_TITLE
    assert in_words([Why(Kind.SAVED, 7)], {7: "Sorting " + "very " * 20 + "fast"}).endswith("very…”")


def test_a_paper_that_may_not_be_shown_is_not_named() -> None:
    assert in_words([Why(Kind.MATCHES, "robot"), Why(Kind.LIKED, 7)], {}) == "matches “robot”"
    assert in_words([Why(Kind.LIKED, 7)], {}) == "near what you like"


def test_words_that_all_papers_have_are_no_likeness() -> None:
    unlike = offer(candidate(101), candidate(201))
    told = reasons(unlike, Taste(said=(said(1),)))
    assert not any("because" in reason for reason in told.values())
