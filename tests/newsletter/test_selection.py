from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.offer import MOST_IN_DEMAND, Candidate, Offer
from newsletter.reasons import Kind, in_words
from newsletter.relevance import Taste, reckon
from newsletter.selection import ALSO, LIKENESS_IN_POINTS, MMR, TRENDING, Pick, choose, name_others
from papers.text import plain
from papers.text_model import NOTHING
from subscribers.preferences import Said
from tests.newsletter.catalogue import DAY, candidate, field_of, model, offer, titles

TOPICS = {1: "Agents", 2: "Video", 3: "Robotics"}
NAMES = ["Ada Lovelace", "Émilie du Châtelet", "Bob Ada"]
IDS = sorted(titles())


def said(paper_id: int, kind: str = "more", day: int = DAY) -> Said:
    return Said(paper_id, kind, day)


def chosen(offered: Offer, taste: Taste) -> list[Pick]:
    (picks,) = choose(offered, [taste])
    return picks


def ids(offered: Offer, taste: Taste) -> list[int]:
    return [pick.paper_id for pick in chosen(offered, taste)]


def reasons(offered: Offer, taste: Taste) -> dict[int, str]:
    return {pick.paper_id: in_words(pick.why, titles()) for pick in chosen(offered, taste)}


offers = st.lists(
    st.builds(
        candidate,
        st.sampled_from(IDS),
        rank=st.integers(0, 9),
        score=st.floats(0, 10, width=32),
        topics=st.lists(st.sampled_from([1, 2, 3]), unique=True).map(lambda found: {one: TOPICS[one] for one in found}),
        authors=st.lists(st.sampled_from(NAMES), unique=True).map(tuple),
        is_pinned=st.integers(0, 2).map(lambda number: number == 0),
    ),
    unique_by=lambda one: one.paper_id,
    max_size=30,
)
tastes = st.builds(
    Taste,
    interests=st.lists(st.sampled_from(["robot arm", "video", "theorems", "zymurgy"]), unique=True).map(tuple),
    muted=st.lists(st.sampled_from(["robots", "motion", "cell layout"]), unique=True).map(tuple),
    ignored=st.lists(st.sampled_from(["video", "table cell", "zymurgy"]), unique=True).map(tuple),
    authors=st.lists(st.sampled_from(["ada  lovelace", "EMILIE DU CHATELET", "Ada"]), unique=True).map(tuple),
    topics=st.frozensets(st.sampled_from([1, 2, 3])),
    said=st.lists(
        st.builds(
            Said, st.sampled_from([*IDS, 999]), st.sampled_from(["more", "less", "saved"]), st.integers(DAY - 900, DAY)
        ),
        unique_by=lambda one: one.paper_id,
        max_size=6,
    ).map(tuple),
    size=st.integers(1, 20),
    seen=st.frozensets(st.sampled_from(IDS), max_size=10),
)


# --- What always holds -------------------------------------------------------------------------------------------


@given(offers, tastes)
def test_picks_respect_size_history_and_mutes_and_leave_no_pin_out(offered: list[Candidate], taste: Taste) -> None:
    picks = [pick.paper_id for pick in chosen(offer(*offered), taste)]
    by_id = {one.paper_id: one for one in offered}
    assert len(picks) <= taste.size
    assert len(set(picks)) == len(picks)
    assert not set(picks) & (taste.seen | {one.paper_id for one in taste.said})
    withheld = taste.seen | {one.paper_id for one in taste.said}
    withheld |= {one.paper_id for one in offered for phrase in taste.muted if plain(phrase) in one.text}
    assert not withheld & set(picks)
    pinned = [one for one in sorted(offered, key=lambda one: (one.rank, one.paper_id)) if one.is_pinned]
    due = [one.paper_id for one in pinned if one.paper_id not in withheld][: taste.size]
    assert picks[: len(due)] == due
    assert not any(by_id[paper_id].is_pinned for paper_id in picks[len(due) :])


@given(offers, st.lists(tastes, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_the_input_plays_no_part(offered: list[Candidate], readers: list[Taste], chance: Random) -> None:
    def mixed(taste: Taste) -> Taste:
        def anyhow(values: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(chance.sample(values, len(values)))

        said = tuple(chance.sample(taste.said, len(taste.said)))
        return replace(taste, said=said, muted=anyhow(taste.muted), ignored=anyhow(taste.ignored))

    expected = choose(offer(*offered), readers)
    order = chance.sample(range(len(readers)), len(readers))
    again = choose(offer(*chance.sample(offered, len(offered))), [mixed(readers[place]) for place in order])
    assert again == [expected[place] for place in order]


@given(offers, st.lists(tastes, max_size=4))
def test_the_same_inputs_give_the_same_picks_alone_or_among_others(
    offered: list[Candidate], readers: list[Taste]
) -> None:
    together = choose(offer(*offered), readers)
    assert together == choose(offer(*offered), readers)
    for taste, picks in zip(readers, together, strict=True):
        alone = chosen(offer(*offered), taste)
        assert [(pick.paper_id, pick.why) for pick in alone] == [(pick.paper_id, pick.why) for pick in picks]
        assert [pick.score for pick in alone] == pytest.approx([pick.score for pick in picks], abs=0.001)


# --- Without a taste ---------------------------------------------------------------------------------------------


def test_who_asked_for_nothing_gets_the_trending_list_in_the_editions_order() -> None:
    offered = offer(*(candidate(number, rank=number, score=number) for number in (3, 1, 2)))
    assert reasons(offered, Taste(size=2)) == dict.fromkeys([1, 2], "trending: +5 upvotes")


def test_without_a_text_model_all_else_holds() -> None:
    nothing = Offer([candidate(1), candidate(2), candidate(101)], NOTHING, DAY)
    taste = Taste(interests=("video",), said=(said(102),))
    assert [pick.paper_id for pick in chosen(nothing, taste)] == [101, 1, 2]
    assert in_words(chosen(nothing, taste)[0].why, {}) == "matches “video”"


def test_topics_come_first_and_the_edition_follows() -> None:
    offered = offer(candidate(1), candidate(2), candidate(3, topics={2: "Video"}))
    assert reasons(offered, Taste(topics=frozenset({2}))) == {
        3: "in Video, which you follow",
        1: "trending: +5 upvotes",
        2: "trending: +5 upvotes",
    }


def test_less_pushes_what_is_like_it_to_the_end_and_leaves_the_rest_as_it_is() -> None:
    offered = offer(*map(candidate, [1, 2, 101, 102, 201]))
    assert ids(offered, Taste(said=(said(110, "less"),)))[:3] == [1, 2, 201]


# --- With a taste ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["more", "saved"])
def test_what_is_like_a_liked_paper_comes_first_and_says_which(kind: str) -> None:
    offered = offer(*map(candidate, [1, 2, 101, 102, 201, 202, 301, 302]))
    first, *_ = chosen(offered, Taste(said=(said(110, kind),)))
    assert field_of(first.paper_id) == "video"
    verb = {"more": "liked", "saved": "saved"}[kind]
    assert in_words(first.why, titles()) == f"because you {verb} “{titles()[110]}”"


def test_liking_raises_what_is_like_it_and_less_lowers_it() -> None:
    offered = offer(*map(candidate, IDS))
    base = Taste(said=(said(1), said(201)))
    places = [place for place, one in enumerate(offered.candidates) if field_of(one.paper_id) == "video"]
    points = reckon(
        offered,
        [base, replace(base, said=(*base.said, said(110))), replace(base, said=(*base.said, said(110, "less")))],
    )
    plain_points, more, less = points.total[:, places].mean(axis=1)
    assert less < plain_points < more


def test_what_was_said_long_ago_counts_less() -> None:
    offered = offer(*map(candidate, IDS))
    old, new = said(1, day=DAY - 1460), said(101)
    likes = reckon(offered, [Taste(said=(old, new))]).likes.toarray()[0]
    rows = model().rows_of([1, 101])
    assert likes[rows] == pytest.approx([0.2, 0.8], abs=0.001)


def test_an_interest_finds_papers_that_never_say_it() -> None:
    """“Gripper” stands in robots' papers, and what they have in common stands in others, too."""
    named = {one for one in IDS if "gripper" in titles()[one].lower()}
    others = [one for one in IDS if field_of(one) == "robots" and one not in named]
    offered = offer(*map(candidate, [*others[:3], 101, 102, 201, 202, 301, 302]))
    picks = reasons(offered, Taste(interests=("gripper",)))
    assert set([*picks][:3]) == set(others[:3])
    assert picks[next(iter(picks))] == "near your interest “gripper”"


def test_an_ignored_word_takes_exactly_its_share() -> None:
    offered = offer(*map(candidate, IDS))
    taste = Taste(said=(said(110), said(112)))
    word = titles()[110].lower().split()[0]
    with_it, without = reckon(offered, [taste, replace(taste, ignored=(word,))]).nearness
    column = model().columns_of([word])
    profile = (model().vectors[model().rows_of([110, 112])].mean(axis=0))[0, column]
    share = (offered.vectors[:, column].toarray() * float(profile[0, 0]))[:, 0]
    assert share.max() > 0
    assert with_it - without == pytest.approx(share, abs=1e-5)


def test_noise_is_left_out_but_for_what_is_most_in_demand() -> None:
    offered = offer(*(candidate(one, score=float(one < 200)) for one in IDS))
    picks = chosen(offered, Taste(said=(said(210),), size=20))
    near = {pick.paper_id for pick in picks if field_of(pick.paper_id) == "proofs"}
    told = [in_words(pick.why, titles()) for pick in picks]
    assert len(picks) < 20
    assert len(picks) - len(near) == MOST_IN_DEMAND + 1
    assert told.count("trending: +5 upvotes") == MOST_IN_DEMAND
    assert told[-1] == "outside your usual, trending: +5 upvotes"


def test_one_paper_outside_of_the_taste_comes_last_and_says_so() -> None:
    offered = offer(*(candidate(one, attention="", score=one) for one in IDS))
    picks = chosen(offered, Taste(said=(said(210),), size=6))
    assert [Kind.OUTSIDE in {why.kind for why in pick.why} for pick in picks] == [False] * 5 + [True]
    assert in_words(picks[-1].why, titles()) == "outside your usual"
    # The three most in demand are in anyway.
    assert picks[-1].paper_id == IDS[-4]


def test_nobody_gets_only_a_paper_from_outside() -> None:
    only_noise = offer(candidate(1), candidate(101))
    withheld = Taste(said=(said(210),), seen=frozenset({1, 101}))
    assert chosen(only_noise, withheld) == []
    assert [
        Kind.OUTSIDE in {why.kind for why in pick.why} for pick in chosen(only_noise, Taste(said=(said(210),), size=1))
    ] == [False]


def test_what_says_the_same_as_a_better_paper_makes_room_for_another() -> None:
    others = [one for one in IDS if one != 110]
    offered = offer(*map(candidate, others))
    taste = Taste(said=(said(110),), size=4)
    points = reckon(offered, [taste]).total[0]
    best, second, third = sorted(range(len(others)), key=lambda place: -points[place])[:3]
    offered.alike[:] = 0
    assert ids(offered, taste)[:3] == [others[best], others[second], others[third]]
    offered.alike[best, second] = (points[second] - points[third]) * MMR / (1 - MMR) / LIKENESS_IN_POINTS + 0.1
    assert ids(offered, taste)[:2] == [others[best], others[third]]


def test_a_followed_author_is_in_whatever_they_write_about() -> None:
    offered = offer(*map(candidate, IDS[1:]), candidate(1, authors=("Bob Ada", "Émilie du Châtelet")))
    taste = Taste(said=(said(210),), authors=("emilie DU chatelet",), size=5)
    assert reasons(offered, taste)[1] == "by Émilie du Châtelet, whom you follow"
    assert 1 not in reasons(offered, replace(taste, authors=("Émilie", "du Châtelet"), size=3))


def test_pinned_papers_come_first_and_say_so() -> None:
    offered = offer(candidate(1, score=9), candidate(2, is_pinned=True))
    assert reasons(offered, Taste(said=(said(210),)))[2] == "picked by the editors"
    assert ids(offered, Taste(said=(said(210),)))[0] == 2


def test_a_muted_word_wins_over_everything() -> None:
    muted = candidate(101, text=plain("Robots sort"), authors=("Ada Lovelace",), topics={1: "Agents"}, is_pinned=True)
    taste = Taste(
        muted=("robots",), interests=("sort",), authors=("Ada Lovelace",), topics=frozenset({1}), said=(said(102),)
    )
    assert chosen(offer(muted), taste) == []


def test_a_paper_that_the_model_does_not_know_is_near_nobodys_taste() -> None:
    offered = offer(*(candidate(paper_id, attention="") for paper_id in (901, 902, 903, 904, 101)))
    picks = chosen(offered, Taste(said=(said(110),)))
    assert [Kind.TASTE in {why.kind for why in pick.why} for pick in picks] == [False] * len(picks)


def test_one_wish_does_not_take_all_the_room() -> None:
    robots = [candidate(one, text=plain("a robot"), score=9) for one in IDS if field_of(one) == "robots"]
    proof = candidate(201, text=plain("a proof"))
    picks = reasons(
        offer(*robots, proof), Taste(interests=("robot", "proof", "grasp arm"), said=(said(1), said(2)), size=9)
    )
    assert "matches “proof”" in picks[201]
    # By its points alone it would come last.
    assert list(picks).index(201) < 5


def test_followed_topics_fill_the_digest_of_who_wants_nothing_else() -> None:
    offered = offer(*(candidate(one, topics={2: "Video"} if one > 100 else {}) for one in (*IDS[:5], *IDS[15:25])))
    assert ids(offered, Taste(topics=frozenset({2}), size=10)) == IDS[15:25]


def test_however_much_is_asked_for_memory_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    offered = offer(*map(candidate, IDS))
    expected = ids(offered, Taste(interests=("video",)))
    monkeypatch.setattr("newsletter.offer.PHRASES_KEPT", 20)
    for number in range(10):
        ids(offered, Taste(interests=tuple(f"phrase {number} {other}" for other in range(10)), muted=(f"m{number}",)))
        assert len(offered._asked) <= 30
        assert len(offered._having) <= 30
    assert ids(offered, Taste(interests=("video",))) == expected


def test_pins_keep_their_order_however_alike_they_are() -> None:
    offered = offer(*(candidate(one, is_pinned=one < 4) for one in IDS))
    offered.alike[:] = 0.9
    assert ids(offered, Taste(said=(said(110),), size=2)) == [1, 2]
    assert ids(offered, Taste(said=(said(110),), interests=("video",)))[:3] == [1, 2, 3]


# --- What is only named -------------------------------------------------------------------------------------------


def test_named_are_the_first_of_the_edition_that_the_reader_may_have_and_does_not_get() -> None:
    offered = offer(*[candidate(paper_id) for paper_id in IDS[:20]])
    tastes = [Taste(size=5), Taste(size=5, seen=frozenset(IDS[6:9])), Taste(size=20)]
    chosen = choose(offered, tastes)
    named = name_others(offered, tastes, chosen)
    assert named == [IDS[5 : 5 + ALSO], [IDS[5], *IDS[9 : 8 + ALSO]], []]


def test_what_hardly_trends_is_not_named() -> None:
    offered = offer(*[candidate(paper_id) for paper_id in IDS[: TRENDING + 9]])
    taste = Taste(size=5, seen=frozenset(IDS[5 : TRENDING - 1]))
    assert name_others(offered, [taste], choose(offered, [taste])) == [[IDS[TRENDING - 1]]]


def test_a_muted_paper_is_not_even_named() -> None:
    offered = offer(*[candidate(paper_id) for paper_id in IDS[:9]])
    sixth = next(iter(titles()[IDS[5]].split(":")))
    taste = Taste(size=5, muted=(sixth,))
    assert name_others(offered, [taste], choose(offered, [taste])) == [IDS[6:9]]


def test_of_an_edition_without_papers_none_is_named() -> None:
    assert name_others(offer(), [Taste()], [[]]) == [[]]
