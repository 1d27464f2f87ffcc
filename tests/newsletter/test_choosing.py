from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from newsletter.choosing import PickInWords, choose_for, choose_for_reader, make_offer
from newsletter.editions import close_edition
from newsletter.models import Delivery, Edition
from papers.modelling import refresh_text_model
from papers.models import Paper
from subscribers.feedback import say
from subscribers.models import Feedback, Subscriber
from subscribers.preferences import Preferences, just_liked
from tests.factories import NOW, TODAY, make_edition, make_paper, make_reader
from tests.newsletter.catalogue import titles

pytestmark = pytest.mark.django_db

DRAFT = Edition.Status.DRAFT


@pytest.fixture
def papers() -> dict[int, Paper]:
    """The catalogue in the database, by the number it has there, with its text model."""
    made = {number: make_paper(title=title, summary="") for number, title in titles().items()}
    refresh_text_model(NOW)
    return made


def chosen_for(reader: Subscriber, edition: Edition) -> list[PickInWords]:
    return choose_for_reader(reader, make_offer(edition), besides=edition).picks


def like(reader: Subscriber, *papers: Paper) -> None:
    for paper in papers:
        Feedback.objects.create(subscriber=reader, paper=paper, kind=Feedback.Kind.MORE, at=NOW)


def make_offered(papers: dict[int, Paper], *numbers: int, status: str = Edition.Status.CLOSED) -> Edition:
    return make_edition(*[papers[number] for number in numbers], status=status)


MIXED = (1, 2, 101, 102, 201, 202, 301, 302)


def test_a_visitor_and_a_reader_with_the_same_wishes_get_the_same(papers: dict[int, Paper]) -> None:
    edition = make_offered(papers, *MIXED)
    reader = make_reader(interests="theorems", followed_authors="Nobody", size=5)
    like(reader, papers[110])
    preferences = Preferences(interests=("theorems",), authors=("Nobody",), said=just_liked([papers[110].pk]), size=5)
    picks = choose_for(preferences, make_offer(edition))
    assert picks == chosen_for(reader, edition)
    assert f"because you liked “{papers[110].title}”" in [pick["reason"] for pick in picks]


def test_what_somebody_has_seen_is_left_out() -> None:
    seen, unseen = make_paper(), make_paper()
    offer = make_offer(make_edition(seen, unseen))
    assert [pick["paper_id"] for pick in choose_for(Preferences(), offer, {seen.pk})] == [unseen.pk]


def test_a_liked_paper_is_never_sent_and_a_hidden_one_never_named(papers: dict[int, Paper]) -> None:
    edition = make_offered(papers, 110, *MIXED)
    reader = make_reader()
    like(reader, papers[110])
    Paper.objects.filter(pk=papers[110].pk).update(is_hidden=True)
    picks = chosen_for(reader, edition)
    assert papers[110].pk not in [pick["paper_id"] for pick in picks]
    assert not any(papers[110].title in pick["reason"] for pick in picks)


@pytest.mark.parametrize(("kind", "is_more"), [("more", True), ("saved", True), ("less", False)])
def test_what_was_said_by_a_person_changes_the_next_digest_in_its_direction(
    papers: dict[int, Paper], kind: str, is_more: bool
) -> None:
    edition = make_offered(papers, *MIXED)
    reader = make_reader(size=8)

    def place() -> int:
        picks = [pick["paper_id"] for pick in chosen_for(reader, edition)]
        return picks.index(papers[101].pk) if papers[101].pk in picks else len(MIXED)

    before = place()
    say(reader, papers[110], kind, NOW)
    assert (place() < before) if is_more else (place() > before)


def test_what_a_program_said_is_not_learned_from(papers: dict[int, Paper]) -> None:
    edition = make_offered(papers, *MIXED)
    reader = make_reader()
    before = chosen_for(reader, edition)
    Feedback.objects.create(subscriber=reader, paper=papers[110], kind="more", at=NOW, is_automated=True)
    assert chosen_for(reader, edition) == before


def test_without_a_model_the_edition_goes_out_by_attention_and_it_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    paper, liked = make_paper(), make_paper()
    edition = make_edition(paper)
    reader = make_reader()
    like(reader, liked)
    (pick,) = chosen_for(reader, edition)
    assert pick["reason"] == "trending: +99 upvotes since yesterday"
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_closing_makes_a_model_that_holds_the_edition() -> None:
    papers = [make_paper(title=title, summary="") for title in titles().values()]
    reader = make_reader()
    like(reader, papers[0])
    edition = make_edition(*papers[1:20], status=DRAFT)
    close_edition(edition.pk, edition.closes_at)
    delivery = Delivery.objects.get(subscriber=reader)
    assert f"because you liked “{papers[0].title}”" in [pick["reason"] for pick in delivery.picks]


def test_closing_takes_the_same_number_of_queries_however_much_readers_liked() -> None:
    counts = []
    for day in (TODAY - timedelta(days=30), TODAY):
        for _ in range(5):
            like(make_reader(), make_paper(listed_on=None), make_paper(listed_on=None))
        edition = make_edition(make_paper(listed_on=day), day=day, status=DRAFT)
        refresh_text_model(NOW)
        with CaptureQueriesContext(connection) as queries:
            close_edition(edition.pk, edition.closes_at)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_an_interest_is_looked_for_in_the_whole_abstract() -> None:
    abstract = "We sort. " + "It is fast. " * 40 + "We also speak of marmots."
    paper = make_paper(title="Sorting", summary="", abstract=abstract)
    edition = make_edition(paper, *[make_paper() for _ in range(3)])
    (pick, *_) = chosen_for(make_reader(interests="marmots"), edition)
    assert (pick["paper_id"], pick["reason"]) == (paper.pk, "matches “marmots”")
