from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.interests import (
    Wish,
    find_wishes,
    read_interests,
    read_reckoning,
    shares_of_papers,
    strongest_words,
)
from newsletter.offer import BACKGROUND, Offer
from newsletter.preview import preview_picks
from newsletter.relevance import Case, Taste, reckon
from papers.modelling import refresh_text_model
from papers.models import Paper, Topic
from papers.text_model import NOTHING, Text
from subscribers.feedback import say
from subscribers.models import Feedback, Subscriber
from subscribers.preferences import read_preferences
from tests.factories import NOW, TODAY, make_edition, make_paper, make_reader
from tests.newsletter.catalogue import DAY, candidate, model, offer, titles
from tests.newsletter.test_selection import said, tastes

IDS = sorted(titles())
TEXTS = {paper_id: Text(title) for paper_id, title in titles().items()}


def case_of(taste: Taste, offered: Offer | None = None) -> Case:
    offered = offered or offer(*map(candidate, IDS))
    return Case(offered, reckon(offered, [taste]), taste, 0)


# --- In numbers -----------------------------------------------------------------------------------------------------


@given(tastes)
def test_papers_and_wishes_share_the_taste_between_them(taste: Taste) -> None:
    case = case_of(taste)
    shares = [*shares_of_papers(case).values(), *[wish.share for wish in find_wishes(case) if wish.share]]
    assert sum(shares) == pytest.approx(1 if case.points.has_taste[0] else 0, abs=1e-5)


def test_a_wish_that_no_paper_has_the_words_of_has_no_share() -> None:
    case = case_of(Taste(interests=("zymurgy", "gripper"), said=(said(1), said(101))))
    assert find_wishes(case) == [Wish("zymurgy", None), Wish("gripper", 0.5)]
    assert shares_of_papers(case) == {1: 0.25, 101: 0.25}


@given(st.sampled_from(IDS), st.sampled_from(IDS))
def test_a_word_that_is_ignored_takes_off_exactly_what_it_weighed(first: int, second: int) -> None:
    taste = Taste(said=tuple(map(said, {first, second})))
    offered = offer(*map(candidate, IDS))
    case = case_of(taste, offered)
    before = case.points.nearness[0]
    for word in strongest_words(case, TEXTS, 3):
        (column,) = model().columns_of([word.term])
        weight = word.weight + BACKGROUND * model().mean[column]
        after = case_of(replace(taste, ignored=(word.term,)), offered).points.nearness[0]
        added = weight * offered.vectors[:, [column]].toarray()[:, 0]
        assert added.max() > 0
        assert before - after == pytest.approx(added, abs=1e-5)


def test_the_heaviest_words_come_first_each_once_and_none_that_is_ignored() -> None:
    taste = Taste(said=(said(110), said(112), said(205)))
    words = strongest_words(case_of(taste), TEXTS, 5)
    assert len({word.term for word in words}) == 5
    assert words == strongest_words(case_of(taste), TEXTS)[:5]
    assert [word.weight for word in words] == sorted((word.weight for word in words), reverse=True)
    assert all(word.weight > 0 for word in words)
    written = {word for paper_id in (110, 112, 205) for word in titles()[paper_id].lower().split()}
    assert {part for word in words for part in word.term.split()} <= written
    ignored = case_of(replace(taste, ignored=(words[0].term,)))
    assert words[0].term not in [word.term for word in strongest_words(ignored, TEXTS)]


def test_words_that_the_text_has_no_more_are_left_out() -> None:
    """The paper was corrected since the model was made."""
    case = case_of(Taste(said=(said(110),)))
    kept = titles()[110].split()[0].lower()
    assert [word.term for word in strongest_words(case, {110: Text(kept)})] == [kept]
    assert strongest_words(case, {}) == []


def test_papers_that_are_liked_less_give_no_words() -> None:
    assert strongest_words(case_of(Taste(said=(said(110, "less"),), interests=("video",))), TEXTS) == []


def test_without_a_model_or_candidates_there_is_still_an_answer() -> None:
    taste = Taste(said=(said(110),), interests=("video",))
    nothing = case_of(taste, Offer([candidate(1)], NOTHING, DAY))
    assert (shares_of_papers(nothing), strongest_words(nothing, TEXTS)) == ({}, [])
    assert find_wishes(nothing) == [Wish("video", None)]
    empty = case_of(taste, Offer([], model(), DAY))
    assert shares_of_papers(empty) == pytest.approx({110: 1 / 3})
    assert strongest_words(empty, TEXTS) == strongest_words(case_of(taste), TEXTS)


# --- As stored ------------------------------------------------------------------------------------------------------


@pytest.fixture
def papers(db: None) -> dict[int, Paper]:
    """The catalogue in the database, by the number it has there, with its text model."""
    made = {number: make_paper(title=title, summary="") for number, title in titles().items()}
    refresh_text_model(NOW)
    return made


def test_what_is_read_is_what_is_reckoned_with(papers: dict[int, Paper]) -> None:
    make_edition(*[papers[number] for number in (1, 2, 101, 102)])
    reader = make_reader(
        interests="gripper", followed_authors="Ada Lovelace", muted_words="casino", ignored_words="scan"
    )
    reader.topics.set(Topic.objects.filter(slug="agents"))
    for number, kind, days in [(110, "more", 0), (110, "saved", 1), (5, "saved", 2), (205, "less", 3)]:
        say(reader, papers[number], kind, NOW - timedelta(days=days))
    reckoning = read_reckoning(reader, NOW)
    found = read_interests(reader, reckoning.case)
    assert [(one.paper, one.kinds) for one in found.liked] == [
        (papers[110], ["more", "saved"]),
        (papers[5], ["saved"]),
    ]
    rows, shares = reckoning.case.points.likes_of(0)
    by_paper = dict(zip(reckoning.case.offer.model.paper_ids[rows].tolist(), shares.tolist(), strict=True))
    assert {one.paper.pk: one.share for one in found.liked} == by_paper
    assert [(one.paper, one.share, one.said_on) for one in found.less] == [(papers[205], None, TODAY - timedelta(3))]
    assert found.words == strongest_words(
        reckoning.case, {papers[number].pk: Text(papers[number].title) for number in (110, 5)}
    )
    assert found.words
    assert [wish.phrase for wish in found.wishes] == ["gripper"]
    assert (found.authors, [topic.slug for topic in found.topics]) == (["Ada Lovelace"], ["agents"])
    assert (found.muted, found.ignored, found.is_empty, found.has_model) == (["casino"], ["scan"], False, True)


def test_the_abstract_gives_words_and_without_one_the_summary(db: None) -> None:
    first = make_paper(title="One", abstract="quantum annealers", summary="knitting yarn")
    second = make_paper(title="Two", abstract="", summary="knitting patterns")
    for text in ("quantum annealers", "knitting patterns", "else", "otherwise", "again", "more", "yet more"):
        make_paper(title=text, summary=text)
    refresh_text_model(NOW)
    reader = make_reader()
    for paper in (first, second):
        say(reader, paper, "more", NOW)
    terms = {word.term for word in read_interests(reader, read_reckoning(reader, NOW).case).words}
    assert {"quantum annealers", "knitting patterns"} <= terms
    assert "yarn" not in terms


def test_the_reckoning_is_that_of_the_digest_they_would_get(papers: dict[int, Paper]) -> None:
    make_edition(*[papers[number] for number in (1, 2, 101, 102, 201)])
    reader = make_reader(interests="gripper", size=5)
    say(reader, papers[110], "more", NOW)
    shown = preview_picks(read_preferences([reader])[reader.pk], NOW, reader)
    reckoning = read_reckoning(reader, NOW)
    assert shown
    assert [Paper.objects.get(pk=paper_id).title for paper_id in reckoning.picks] == [
        pick.paper.title for pick in shown.picks
    ]
    assert [*reckoning.reasons.values()] == [pick.reason for pick in shown.picks]


def test_what_is_hidden_and_what_a_program_said_stand_apart(papers: dict[int, Paper]) -> None:
    reader = make_reader()
    for number in (101, 102):
        say(reader, papers[number], "more", NOW)
    for number in (103, 104):
        Feedback.objects.create(subscriber=reader, paper=papers[number], kind="less", at=NOW, is_automated=True)
    Paper.objects.filter(pk__in=[papers[102].pk, papers[104].pk]).update(is_hidden=True)
    found = read_interests(reader, read_reckoning(reader, NOW).case)
    assert [one.paper for one in found.liked] == [papers[101]]
    assert [said.paper for said in found.automated] == [papers[103]]
    assert found.less == []


def test_a_paper_that_came_after_the_model_has_no_share_yet(papers: dict[int, Paper]) -> None:
    reader = make_reader()
    say(reader, make_paper(), "more", NOW)
    say(reader, papers[1], "more", NOW)
    found = read_interests(reader, read_reckoning(reader, NOW).case)
    assert [one.share for one in found.liked] == [1, None]


def test_without_a_model_or_an_edition_what_was_said_is_still_listed(db: None) -> None:
    reader = make_reader(interests="robots")
    say(reader, make_paper(), "saved", NOW)
    reckoning = read_reckoning(reader, NOW)
    found = read_interests(reader, reckoning.case)
    assert (reckoning.on_offer, reckoning.picks, found.has_model) == (None, [], False)
    assert [one.share for one in found.liked] == [None]
    assert found.wishes == [Wish("robots", None)]


def test_who_said_nothing_has_nothing(db: None) -> None:
    reader = make_reader(muted_words="casino")
    found = read_interests(reader, read_reckoning(reader, NOW).case)
    assert (found.is_empty, found.words, found.liked) == (True, [], [])
    assert Subscriber.objects.get().preferences_changed_at is None
    assert not np.any(read_reckoning(reader, NOW).case.points.has_taste)
