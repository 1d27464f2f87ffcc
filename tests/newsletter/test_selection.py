from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from newsletter.selection import Candidate, Taste, choose
from papers.text import plain

TOPICS = {1: "Agents", 2: "Video", 3: "Robotics"}
TITLES = ["Agents that plan", "Video diffusion", "Robots and memory", "Memory for agents", "Proofs", "Video agents"]


def candidate(paper_id: int, *, title: str = "A paper", score: float = 1.0, topics: tuple[int, ...] = ()) -> Candidate:
    return Candidate(
        paper_id=paper_id,
        score=score,
        attention="+5 upvotes",
        text=plain(title),
        topics={topic: TOPICS[topic] for topic in topics},
    )


candidates = st.lists(
    st.builds(
        candidate,
        paper_id=st.integers(1, 50),
        title=st.sampled_from(TITLES),
        score=st.floats(0, 10),
        topics=st.lists(st.sampled_from([1, 2, 3]), unique=True).map(tuple),
    ),
    unique_by=lambda one: one.paper_id,
    max_size=30,
)
tastes = st.builds(
    Taste,
    interests=st.lists(st.sampled_from(["memory", "video diffusion", "proof"]), unique=True).map(tuple),
    muted=st.lists(st.sampled_from(["robots", "planning"]), unique=True).map(tuple),
    topics=st.frozensets(st.sampled_from([1, 2, 3])),
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
    assert not taste.seen & {pick.paper_id for pick in picks}
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
            assert (name in pick.reason) == (topic in one.topics and topic in taste.topics)
