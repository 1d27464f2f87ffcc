"""What a page shows of the digest somebody would get."""

from datetime import timedelta

import pytest
from django.db import connection
from django.template import Context, Template
from django.test.utils import CaptureQueriesContext

from newsletter.choosing import choose_for_reader, make_offer
from newsletter.models import Delivery, Edition
from newsletter.preview import Shown, _read_offer, preview_picks
from papers.modelling import refresh_text_model
from papers.models import Paper, Topic
from subscribers.models import Feedback, Subscriber
from subscribers.preferences import Preferences, just_liked, read_preferences
from tests.factories import NOW, TODAY, make_delivery, make_edition, make_paper, make_reader

pytestmark = pytest.mark.django_db

YESTERDAY = TODAY - timedelta(days=1)


def titles(shown: Shown | None) -> list[str]:
    assert shown
    return [pick.paper.title for pick in shown.picks]


def make_papers(*titles: str) -> list[Paper]:
    return [make_paper(title=title) for title in titles]


def test_without_an_edition_there_is_nothing_to_show() -> None:
    make_paper()
    assert preview_picks(Preferences(), NOW) is None


def test_whoever_wants_nothing_in_particular_sees_what_trends() -> None:
    make_edition(*make_papers("First", "Second"))
    shown = preview_picks(Preferences(), NOW)
    assert titles(shown) == ["First", "Second"]
    assert shown
    assert shown.picks[0].paper.attention == "+99 upvotes since yesterday"
    assert shown.picks[0].reason == "trending: +99 upvotes since yesterday"
    assert shown.picks[0].paper.authors == "Ada Lovelace and Alan Turing"


def test_every_choice_has_its_say() -> None:
    first, second, third, fourth = make_papers("First", "Second", "Tiny robots", "Marmots of the Andes")
    others = make_papers(*[f"Something else {number}" for number in range(6)])
    liked = make_paper(title="Marmots of the Alps", summary="")
    refresh_text_model(NOW)
    topic = Topic.objects.create(slug="knots", name="Knots", kind=Topic.Kind.KEYWORDS)
    second.topics.add(topic)
    make_edition(first, second, third, fourth)
    assert titles(preview_picks(Preferences(topics=frozenset({topic.pk})), NOW))[0] == "Second"
    assert titles(preview_picks(Preferences(interests=("robots",)), NOW))[0] == "Tiny robots"
    assert len(others) == 6
    assert titles(preview_picks(Preferences(muted=("robots",)), NOW)) == ["First", "Second", "Marmots of the Andes"]
    likes_marmots = preview_picks(Preferences(said=just_liked([liked.pk])), NOW)
    assert likes_marmots
    assert "because you liked" in next(p.reason for p in likes_marmots.picks if p.paper.title == fourth.title)
    assert len(titles(preview_picks(Preferences(size=2), NOW))) == 2


def test_choices_that_are_gone_meanwhile_count_for_nothing() -> None:
    make_edition(*make_papers("First", "Second"))
    gone = Preferences(topics=frozenset({10**17}), said=just_liked([10**17]))
    assert titles(preview_picks(gone, NOW)) == ["First", "Second"]


def test_the_draft_of_today_comes_before_the_edition_that_is_out() -> None:
    make_edition(*make_papers("Out"), day=YESTERDAY)
    assert titles(preview_picks(Preferences(), NOW)) == ["Out"]
    make_edition(*make_papers("Draft"), status=Edition.Status.DRAFT)
    assert titles(preview_picks(Preferences(), NOW)) == ["Draft"]


def test_a_visitor_sees_a_daily_edition_and_a_weekly_reader_the_week() -> None:
    make_edition(*make_papers("Of the day"))
    make_edition(*make_papers("Of the week"), kind=Edition.Kind.WEEKLY, period="2026-W47")
    weekly = make_reader(cadence=Subscriber.Cadence.WEEKLY)
    assert titles(preview_picks(Preferences(), NOW)) == ["Of the day"]
    assert titles(preview_picks(Preferences(), NOW, make_reader())) == ["Of the day"]
    assert titles(preview_picks(Preferences(), NOW, weekly)) == ["Of the week"]


def test_until_there_is_a_weekly_edition_a_weekly_reader_sees_a_daily_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    weekly = make_reader(cadence=Subscriber.Cadence.WEEKLY)
    make_edition(*make_papers("Of the day"))
    assert titles(preview_picks(Preferences(), NOW, weekly)) == ["Of the day"]
    assert "The first edition of a week is still to come." in rendered(Preferences(), weekly)
    assert "still to come" not in rendered(Preferences(), make_reader())
    make_edition(*make_papers("Of the week"), kind=Edition.Kind.WEEKLY, period="2026-W47")
    assert "still to come" not in rendered(Preferences(), weekly)


def test_an_edition_that_is_no_news_any_more_is_not_shown() -> None:
    make_edition(*make_papers("Old"), day=TODAY - timedelta(days=9))
    assert preview_picks(Preferences(), NOW) is None


def test_a_reader_sees_nothing_that_an_earlier_edition_brought() -> None:
    had, new = make_papers("Had", "New")
    reader = make_reader()
    make_delivery(make_edition(had, day=YESTERDAY), reader, had, status=Delivery.Status.ACCEPTED)
    edition = make_edition(had, new)
    make_delivery(edition, reader, new)
    assert titles(preview_picks(Preferences(), NOW, reader)) == ["New"]
    assert titles(preview_picks(Preferences(), NOW)) == ["Had", "New"]


def test_when_everything_is_had_or_muted_the_digest_is_empty() -> None:
    make_edition(*make_papers("Robots", "More robots"))
    assert titles(preview_picks(Preferences(muted=("robots",)), NOW)) == []


def test_the_preview_is_what_the_choice_for_readers_comes_to() -> None:
    papers = make_papers(*[f"Paper {number} about marmots" for number in range(15)])
    edition = make_edition(*papers)
    reader = make_reader(interests="marmots, paper 7", size=5)
    Feedback.objects.create(subscriber=reader, paper=make_paper(title="Paper 9"), kind="more", at=NOW)
    shown = preview_picks(read_preferences([reader])[reader.pk], NOW, reader)
    chosen = choose_for_reader(reader, make_offer(edition), besides=edition).picks
    assert titles(shown) == [Paper.objects.get(pk=pick["paper_id"]).title for pick in chosen]
    assert shown
    assert [pick.reason for pick in shown.picks] == [pick["reason"] for pick in chosen]


def test_looking_changes_nothing() -> None:
    reader = make_reader()
    make_edition(*make_papers("First"))
    before = list(Delivery.objects.values()), list(Subscriber.objects.values())
    preview_picks(read_preferences([reader])[reader.pk], NOW, reader)
    assert (list(Delivery.objects.values()), list(Subscriber.objects.values())) == before


def queries_for(preferences: Preferences) -> int:
    with CaptureQueriesContext(connection) as queries:
        preview_picks(preferences, NOW)
    return len(queries)


def test_the_papers_of_an_edition_are_read_once_a_minute_for_everybody() -> None:
    papers = make_papers("First", "Second", "Third")
    make_edition(*papers)
    cold = queries_for(Preferences())
    warm = queries_for(Preferences(interests=("robots",)))
    assert warm < cold
    assert warm == 2  # a draft, or else the current edition
    many = Preferences(interests=("a", "b"), topics=frozenset(range(1, 99)), said=just_liked(p.pk for p in papers))
    assert queries_for(many) == warm


def test_a_longer_edition_takes_no_more_queries() -> None:
    taken = []
    for number in (10, 20):
        _read_offer.cache_clear()
        Edition.objects.all().delete()
        make_edition(*make_papers(*[f"Of {number}: {n}" for n in range(number)]))
        taken.append(queries_for(Preferences()))
    assert taken[0] == taken[1]


def rendered(preferences: Preferences, reader: Subscriber | None = None) -> str:
    template = Template("{% load digest_preview %}{% digest_preview preferences reader %}")
    return template.render(Context({"preferences": preferences, "reader": reader}))


def test_the_tag_shows_a_digest_as_text_and_without_links(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    make_edition(make_paper(title="x < y & <script>", summary="It is <b>bold</b>."))
    html = rendered(Preferences(interests=("<b>",)))
    assert "<h3>x &lt; y &amp; &lt;script&gt;</h3>" in html
    assert "It is &lt;b&gt;bold&lt;/b&gt;." in html
    assert "Monday, 23 November 2026 · 1 paper for you" in html
    assert "<a " not in html


def test_the_tag_says_why_there_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    assert "There is no edition yet" in rendered(Preferences())
    make_edition(*make_papers("Robots"))
    assert "No paper of the newest edition is left" in rendered(Preferences(muted=("robots",)))


def test_the_same_choice_gives_the_same_digest() -> None:
    make_edition(*make_papers(*[f"Paper {number}" for number in range(12)]))
    preferences = Preferences(interests=("paper 3",), size=5)
    first = preview_picks(preferences, NOW)
    _read_offer.cache_clear()
    assert preview_picks(preferences, NOW) == first


def test_the_tag_says_when_papers_are_sample_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    template = Template("{% load digest_preview %}{% digest_preview preferences %}")
    make_edition(make_paper())
    assert "sample data" not in template.render(Context({"preferences": Preferences()}))
    Paper.objects.update(is_sample=True)
    _read_offer.cache_clear()
    assert "sample data" in template.render(Context({"preferences": Preferences()}))
