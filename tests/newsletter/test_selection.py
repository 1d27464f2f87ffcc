import re
from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from newsletter.selection import LIKED_POINTS, LONGEST_TITLE, Candidate, Liked, Taste, choose, words_of
from papers.text import plain

TOPICS = {1: "Agents", 2: "Video", 3: "Robotics"}
TITLES = ["Agents that plan", "Video diffusion", "Robots and memory", "Memory for agents", "Proofs", "Video agents"]


NAMES = ["Ada Lovelace", "Émilie du Châtelet", "Bob Ada"]


def candidate(
    paper_id: int,
    *,
    title: str = "A paper",
    score: float = 1.0,
    topics: tuple[int, ...] = (),
    authors: tuple[str, ...] = (),
) -> Candidate:
    return Candidate(
        paper_id=paper_id,
        score=score,
        attention="+5 upvotes",
        text=plain(title),
        topics={topic: TOPICS[topic] for topic in topics},
        words=words_of(title, []),
        authors=authors,
    )


def liked(paper_id: int, title: str) -> Liked:
    return Liked(paper_id, title, words_of(title, []))


candidates = st.lists(
    st.builds(
        candidate,
        paper_id=st.integers(1, 50),
        title=st.sampled_from(TITLES),
        score=st.floats(0, 10),
        topics=st.lists(st.sampled_from([1, 2, 3]), unique=True).map(tuple),
        authors=st.lists(st.sampled_from(NAMES), unique=True).map(tuple),
    ),
    unique_by=lambda one: one.paper_id,
    max_size=30,
)
tastes = st.builds(
    Taste,
    interests=st.lists(st.sampled_from(["memory", "video diffusion", "proof"]), unique=True).map(tuple),
    muted=st.lists(st.sampled_from(["robots", "planning"]), unique=True).map(tuple),
    authors=st.lists(st.sampled_from(["ada  lovelace", "EMILIE DU CHATELET", "Ada"]), unique=True).map(tuple),
    topics=st.frozensets(st.sampled_from([1, 2, 3])),
    liked=st.lists(
        st.builds(liked, st.integers(40, 60), st.sampled_from(TITLES)), unique_by=lambda one: one.paper_id, max_size=4
    ).map(tuple),
    size=st.integers(5, 20),
    seen=st.frozensets(st.integers(1, 50), max_size=10),
)


def test_a_reader_who_asked_for_nothing_gets_the_trending_list() -> None:
    picks = choose([candidate(1, score=3), candidate(2, score=2), candidate(3, score=1)], Taste(size=2))
    assert [pick.paper_id for pick in picks] == [1, 2]
    assert [pick.reason for pick in picks] == ["trending: +5 upvotes"] * 2


def test_an_interest_outranks_attention_and_is_the_reason() -> None:
    offered = [candidate(1, title="Famous", score=9), candidate(2, title="Table recognition models", score=1)]
    picks = choose(offered, Taste(interests=("table recognition",)))
    assert [pick.paper_id for pick in picks] == [2, 1]
    assert picks[0].reason == "matches “table recognition”"


def test_a_reason_stays_short_however_much_somebody_asked_for() -> None:
    words = [f"word{number}" for number in range(250)]
    picks = choose([candidate(1, title=" ".join(words))], Taste(interests=tuple(words)))
    assert picks[0].reason == "matches “word0” and “word1” and “word2” and 247 more"
    picks = choose([candidate(1, title=" ".join(words))], Taste(interests=(" ".join(words),)))
    assert len(picks[0].reason) <= len("matches “”") + LONGEST_TITLE


def test_three_are_all_named() -> None:
    picks = choose([candidate(1, title="one two three")], Taste(interests=("one", "two", "three")))
    assert picks[0].reason == "matches “one” and “two” and “three”"


def test_a_followed_topic_is_named() -> None:
    picks = choose([candidate(1, topics=(1, 2))], Taste(topics=frozenset({2})))
    assert picks[0].reason == "in Video, which you follow"


def test_a_plural_interest_meets_a_singular_word_but_not_a_part_of_one() -> None:
    offered = [candidate(1, title="One agent"), candidate(2, title="Reagent discovery")]
    assert [pick.reason for pick in choose(offered, Taste(interests=("agents",)))][1] == "trending: +5 upvotes"


def test_pinned_papers_come_first_and_say_so() -> None:
    offered = [candidate(1, score=9), replace(candidate(2, score=1), is_pinned=True)]
    picks = choose(offered, Taste())
    assert (picks[0].paper_id, picks[0].reason) == (2, "picked by the editors")


@given(candidates, tastes)
def test_picks_respect_size_history_and_muted_words(offered: list[Candidate], taste: Taste) -> None:
    picks = choose(offered, taste)
    by_id = {one.paper_id: one for one in offered}
    assert len(picks) <= taste.size
    assert len({pick.paper_id for pick in picks}) == len(picks)
    known = taste.seen | {one.paper_id for one in taste.liked}
    assert not known & {pick.paper_id for pick in picks}
    muted = [plain(phrase) for phrase in taste.muted]
    assert not any(phrase in by_id[pick.paper_id].text for pick in picks for phrase in muted)


@given(candidates, tastes)
def test_the_same_inputs_give_the_same_picks_and_every_reason_is_true(offered: list[Candidate], taste: Taste) -> None:
    picks = choose(offered, taste)
    assert picks == choose(offered, taste)
    by_id = {one.paper_id: one for one in offered}
    for pick in picks:
        one = by_id[pick.paper_id]
        for phrase in taste.interests:
            assert (f"“{phrase}”" in pick.reason) == (plain(phrase) in one.text)
        for topic, name in TOPICS.items():
            is_told = pick.reason.startswith(f"in {name}") or re.search(rf"(in|and) {name}\b.*you follow", pick.reason)
            assert bool(is_told) == (topic in one.topics and topic in taste.topics)
        follows = {"Ada Lovelace": "ada  lovelace", "Émilie du Châtelet": "EMILIE DU CHATELET", "Bob Ada": "Bob Ada"}
        for name, typed in follows.items():
            assert (name in pick.reason) == (name in one.authors and typed in taste.authors)
        if named := re.search(r"because you liked “(.*)”", pick.reason):
            (words,) = {other.words for other in taste.liked if other.title == named[1]}
            assert words & one.words


@given(candidates, tastes, st.randoms(use_true_random=False))
def test_the_order_of_what_was_liked_does_not_matter(offered: list[Candidate], taste: Taste, random: Random) -> None:
    mixed = random.sample(taste.liked, len(taste.liked))
    assert choose(offered, replace(taste, liked=tuple(mixed))) == choose(offered, taste)


@given(candidates, tastes)
def test_what_was_liked_gives_no_more_than_its_points(offered: list[Candidate], taste: Taste) -> None:
    alone = replace(taste, seen=taste.seen | {one.paper_id for one in taste.liked}, size=50)
    without = {pick.paper_id: pick.score for pick in choose(offered, replace(alone, liked=()))}
    for pick in choose(offered, alone):
        assert 0 <= pick.score - without[pick.paper_id] <= LIKED_POINTS + 0.001


def test_a_followed_author_outranks_attention_and_is_named_as_the_paper_spells_it() -> None:
    offered = [candidate(1, score=9), candidate(2, authors=("Bob Ada", "Émilie du Châtelet"))]
    picks = choose(offered, Taste(authors=("emilie DU chatelet",)))
    assert (picks[0].paper_id, picks[0].reason) == (2, "by Émilie du Châtelet, whom you follow")


def test_a_part_of_a_name_is_another_name() -> None:
    picks = choose([candidate(1, authors=("Ada Lovelace",))], Taste(authors=("Ada", "Lovelace", "Ada L")))
    assert picks[0].reason == "trending: +5 upvotes"


def test_a_paper_like_one_that_was_liked_comes_first_and_says_which() -> None:
    offered = [
        candidate(1, title="A famous model for everything", score=9),
        candidate(2, title="A proof of the sorting model", score=1),
        candidate(3, title="A sorting network for a robot", score=1),
    ]
    picks = choose(offered, Taste(liked=(liked(9, "A sorting network"), liked(8, "Cooking with gas"))))
    assert picks[0].paper_id == 3
    assert picks[0].reason == "because you liked “A sorting network”"


def test_common_words_are_no_likeness() -> None:
    offered = [candidate(number, title=f"A model of thing{number}") for number in range(20)]
    picks = choose(offered, Taste(liked=(liked(99, "A model of kindness"),)))
    assert {pick.reason for pick in picks} == {"trending: +5 upvotes"}


def test_one_word_in_common_is_chance() -> None:
    offered = [candidate(1, title="Via planning, a robot walks up the stairs"), candidate(2)]
    picks = choose(offered, Taste(liked=(liked(99, "Video diffusion made faster via shortcuts"),)))
    assert {pick.reason for pick in picks} == {"trending: +5 upvotes"}


def test_of_two_liked_papers_that_are_as_near_the_first_is_named() -> None:
    apples, pears = liked(8, "Sorting apples"), liked(9, "Sorting pears")
    offered = [candidate(1, title="Sorting"), candidate(2)]
    for both in ((apples, pears), (pears, apples)):
        assert choose(offered, Taste(liked=both))[0].reason == "because you liked “Sorting apples”"


def test_a_long_title_is_shortened_in_a_reason() -> None:
    title = "Sorting " + "very " * 20 + "fast"
    offered = [candidate(1, title=title), candidate(2, title="Other")]
    (reason, *_) = [pick.reason for pick in choose(offered, Taste(liked=(liked(9, title),)))]
    assert reason.startswith("because you liked “Sorting very")
    assert reason.endswith("very…”")
    assert len(reason) <= len("because you liked “”") + LONGEST_TITLE


def test_a_muted_word_wins_over_everything() -> None:
    muted = replace(candidate(1, title="Robots sort", authors=("Ada Lovelace",), topics=(1,)), is_pinned=True)
    taste = Taste(
        muted=("robots",),
        interests=("sort",),
        authors=("Ada Lovelace",),
        topics=frozenset({1}),
        liked=(liked(9, "Robots sort"),),
    )
    assert choose([muted], taste) == []
