"""Topics and keywords, and whom and what a change of them touches."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from papers.models import Paper, Topic
from papers.storing import store
from papers.terms import try_terms
from subscribers.models import Subscriber
from tests.admin_pages import assert_rows_cost_no_queries, choose_action
from tests.factories import TODAY, make_paper, make_reader, make_record
from tests.staff.people import staff_client

pytestmark = pytest.mark.django_db

TOPICS = "/admin/papers/topic/"
TERMS = f"{TOPICS}terms/"


def make_topic(slug: str, *, papers: int = 0, readers: int = 0, kind: str = "keywords") -> Topic:
    topic = Topic.objects.create(name=slug, slug=slug, kind=kind)
    topic.papers.set([make_paper() for _ in range(papers)])
    topic.followers.set([make_reader() for _ in range(readers)])
    return topic


def make_rows(count: int) -> None:
    for _ in range(count):
        make_topic(f"topic-{Topic.objects.count()}", papers=2, readers=2)


def test_a_list_takes_as_many_queries_for_twenty_rows_as_for_ten(admin_client: Client) -> None:
    assert_rows_cost_no_queries(admin_client, TOPICS, make_rows)


def listed(client: Client, **asked: str) -> dict[str, tuple[int, int]]:
    page: Any = client.get(TOPICS, asked)
    return {topic.slug: (topic.paper_count, topic.reader_count) for topic in page.context["cl"].result_list}


def test_the_list_tells_how_many_papers_and_readers_a_topic_has_and_sorts_by_either(admin_client: Client) -> None:
    make_topic("looms", papers=3, readers=2)
    make_topic("engines", papers=2, readers=3)
    assert {slug: counts for slug, counts in listed(admin_client).items() if any(counts)} == {
        "looms": (3, 2),
        "engines": (2, 3),
    }
    assert list(listed(admin_client, o="-3"))[:2] == ["looms", "engines"]
    assert list(listed(admin_client, o="-4"))[:2] == ["engines", "looms"]


@pytest.mark.parametrize(
    ("path", "lookup"),
    [
        (TOPICS, "followers"),
        (TOPICS, "followers__exact"),
        (TOPICS, "followers__in"),
        (TOPICS, "followers__id__exact"),
        ("/admin/papers/paper/", "topics__followers"),
        ("/admin/newsletter/edition/", "deliveries__subscriber"),
    ],
)
def test_no_filter_tells_what_a_single_reader_follows_or_gets(path: str, lookup: str) -> None:
    reader = make_reader()
    make_topic("looms").followers.add(reader)
    assert staff_client("Editor").get(path, {lookup: reader.pk}).status_code == 400


def test_a_topic_that_readers_follow_says_how_many_before_it_is_deleted(admin_client: Client) -> None:
    topic = make_topic("looms", papers=3, readers=2)
    url = f"{TOPICS}{topic.pk}/delete/"
    page = admin_client.get(url).content.decode()
    assert "looms: 2 readers follow it, 3 papers are in it" in page
    assert Subscriber.objects.all()[0].email not in page
    assert Topic.objects.filter(pk=topic.pk).exists()
    for answer in ({"post": "yes"}, {"post": "yes", "typed": "delete engines"}):
        admin_client.post(url, answer)
        assert Topic.objects.filter(pk=topic.pk).exists()
    assert admin_client.post(url, {"typed": "delete looms"}).status_code == 302
    assert not Topic.objects.filter(pk=topic.pk).exists()
    assert (Subscriber.objects.count(), Paper.objects.count()) == (2, 3)


def test_a_category_stays_as_long_as_papers_are_in_it(admin_client: Client) -> None:
    kept, free = make_topic("cs.CL", papers=1, kind="category"), make_topic("cs.XX", kind="category")
    for topic in (kept, free):
        admin_client.post(f"{TOPICS}{topic.pk}/delete/", {"post": "yes"})
    assert "papers are in this category" in admin_client.get(f"{TOPICS}{kept.pk}/delete/").content.decode()
    admin_client.post(TOPICS, {"action": "delete_selected", "_selected_action": [str(kept.pk)], "post": "yes"})
    assert list(Topic.objects.filter(kind="category", slug__in=["cs.CL", "cs.XX"])) == [kept]


def test_a_topic_that_nobody_follows_is_deleted_without_typing(admin_client: Client) -> None:
    topic = make_topic("looms", papers=3)
    assert admin_client.post(f"{TOPICS}{topic.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Topic.objects.filter(pk=topic.pk).exists()


def test_topics_are_deleted_one_at_a_time(admin_client: Client) -> None:
    topics = [make_topic("looms", readers=2), make_topic("engines")]
    chosen = {"action": "delete_selected", "_selected_action": [str(topic.pk) for topic in topics], "post": "yes"}
    admin_client.post(TOPICS, chosen)
    assert Topic.objects.filter(pk__in=[topic.pk for topic in topics]).count() == 2


# --- What terms catch ---------------------------------------------------------------------------------------------


def test_terms_are_tried_on_what_was_listed_lately(admin_client: Client) -> None:
    today = timezone.localdate()
    make_paper(title="Agents That Plan", listed_on=today)
    make_paper(title="Other Things", keywords=["agent"], listed_on=today - timedelta(days=29))
    make_paper(title="Agents of Long Ago", listed_on=today - timedelta(days=40))
    make_paper(title="Reagents", listed_on=today)
    page = admin_client.get(TERMS, {"terms": "agent\r\n\r\ntool  use"}).content.decode()
    assert "would catch 2 of the 3 papers" in page
    assert "Agents That Plan" in page


def test_what_terms_would_catch_is_what_they_catch() -> None:
    titles = ["Agents", "A Reagent", "Tool Use", "Tools We Use", "The Use of a Tool", "AGENT-BASED"]
    terms = ["agent", "tool use"]
    topic = Topic.objects.create(name="Mine", slug="mine", kind="keywords", terms=terms)
    store("huggingface", [make_record(arxiv_id=f"2611.0000{n}", title=title) for n, title in enumerate(titles)])
    caught = try_terms(terms, TODAY)
    assert (caught.count, caught.read) == (topic.papers.count(), len(titles))
    assert 0 < caught.count < len(titles)


def test_without_terms_and_with_markup_the_answer_is_plain(admin_client: Client) -> None:
    make_paper(title="<script>alert(1)</script> agents", listed_on=timezone.localdate())
    assert "Without terms" in admin_client.get(TERMS, {"terms": " \n "}).content.decode()
    assert "<script>" not in admin_client.get(TERMS, {"terms": "agent"}).content.decode()


def test_editors_try_terms_and_others_do_not() -> None:
    assert staff_client("Editor").get(TERMS, {"terms": "agent"}).status_code == 200
    assert Client().get(TERMS).status_code == 302


def test_the_page_of_a_category_has_no_terms_to_try(admin_client: Client) -> None:
    category, mine = make_topic("cs.CL", kind="category"), make_topic("looms")
    assert TERMS not in admin_client.get(f"{TOPICS}{category.pk}/change/").content.decode()
    for url in (f"{TOPICS}{mine.pk}/change/", f"{TOPICS}add/"):
        assert TERMS in admin_client.get(url).content.decode()


def test_who_looks_after_readers_changes_no_topic() -> None:
    topic = make_topic("looms")
    support = staff_client("Support")
    assert support.post(f"{TOPICS}{topic.pk}/delete/", {"post": "yes"}).status_code == 403
    choose_action(support, TOPICS, "delete_selected", topic)
    assert Topic.objects.filter(pk=topic.pk).exists()
