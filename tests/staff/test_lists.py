"""Every list of the admin takes as many queries for twenty rows as for ten, and long ones are counted quickly."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, User
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from mail.models import Provider
from newsletter.models import Alert, Delivery, Edition, Heartbeat, RetentionRun
from papers.admin import PaperAdmin
from papers.models import Paper, Repository, SourceRun, Topic
from staff import paging
from staff.paging import QuickPaginator
from subscribers.models import ImportBatch, Subscriber, Suppression
from tests.admin_pages import assert_rows_cost_no_queries
from tests.factories import NOW, TODAY, make_delivery, make_edition, make_paper, make_reader
from tests.staff.people import make_staff

pytestmark = pytest.mark.django_db


def make_delivery_of_new_reader() -> None:
    """One more in the ledger, of an edition that has others."""
    edition = Edition.objects.first() or make_edition(make_paper())
    make_delivery(edition, make_reader())


def make_followed_topic() -> None:
    topic = Topic.objects.create(slug=f"topic-{Topic.objects.count()}", name=f"Topic {Topic.objects.count()}")
    make_reader().topics.add(topic)
    make_paper().topics.add(topic)


def make_sent_edition() -> None:
    day = TODAY - timedelta(days=Edition.objects.count())
    make_delivery(make_edition(make_paper(), day=day), make_reader())


def make_step(told: str) -> None:
    """One more thing that somebody did to somebody."""
    who, whom = make_staff("Owner"), make_staff("Editor")
    LogEntry.objects.log_actions(who.pk, [whom], CHANGE, told, single_object=True)


MAKE_ROW: dict[type[Model], Callable[[], Any]] = {
    User: lambda: make_staff("Editor"),
    LogEntry: lambda: make_step("Changed."),
    Group: lambda: Group.objects.create(name=f"Group {Group.objects.count()}"),
    Paper: make_paper,
    Topic: make_followed_topic,
    SourceRun: lambda: SourceRun.objects.create(source="sample", started_at=NOW),
    Repository: lambda: Repository.objects.create(name=f"lab/paper-{Repository.objects.count()}"),
    Subscriber: make_delivery_of_new_reader,
    Suppression: lambda: Suppression.objects.suppress(f"{Suppression.objects.count()}@example.org", "manual", NOW),
    ImportBatch: lambda: ImportBatch.objects.create(provenance="A list", started_at=NOW),
    Delivery: make_delivery_of_new_reader,
    Edition: make_sent_edition,
    Alert: lambda: Alert.objects.create(kind="late", about=str(Alert.objects.count()), text="Late.", raised_at=NOW),
    Heartbeat: lambda: Heartbeat.objects.create(queue=f"queue-{Heartbeat.objects.count()}", beat_at=NOW),
    RetentionRun: lambda: RetentionRun.objects.create(ran_at=NOW, removed={}),
    Provider: lambda: Provider.objects.create(name=f"provider-{Provider.objects.count()}"),
}


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model._meta.label)
def test_a_list_takes_as_many_queries_for_twenty_rows_as_for_ten(admin_client: Client, model: type[Model]) -> None:
    def make_rows(count: int) -> None:
        for _ in range(count):
            MAKE_ROW[model]()

    name = f"admin:{model._meta.label_lower.replace('.', '_')}_changelist"
    assert_rows_cost_no_queries(admin_client, reverse(name), make_rows)


# --- Counting ---------------------------------------------------------------------------------------------------------


def counted(rows: Any) -> int:
    return QuickPaginator(rows, 10).count


def test_few_rows_are_counted_one_by_one() -> None:
    for _ in range(3):
        make_paper(is_hidden=True)
    make_paper()
    assert (counted(Paper.objects.all()), counted(Paper.objects.filter(is_hidden=True))) == (4, 3)


def test_of_many_rows_some_are_counted_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MOST_COUNTED", 2)
    for _ in range(5):
        make_paper()
    assert counted(Paper.objects.filter(is_hidden=False)) == 2


def test_of_many_rows_all_are_counted_by_what_the_planner_knows(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    monkeypatch.setattr(paging, "MOST_COUNTED", 2)
    for _ in range(5):
        make_paper()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    with django_assert_num_queries(2):
        assert counted(Paper.objects.all()) == 5


def test_a_list_is_as_long_as_what_its_search_finds(admin_client: Client) -> None:
    make_paper(title="On Robots")
    paper = make_paper(title="On Video")
    for term, found in (("video", [paper]), (f"arxiv.org/abs/{paper.arxiv_id}", [paper]), ("opera", [])):
        page: Any = admin_client.get(reverse("admin:papers_paper_changelist"), {"q": term})
        assert list(page.context["cl"].result_list) == found


@pytest.mark.parametrize("few", [1, 2])
def test_few_that_a_search_finds_are_looked_for_once(
    few: int, admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "FEW", few)
    papers = [make_paper(title=f"On Video {number}") for number in range(2)]
    make_paper(title="On Robots")
    with CaptureQueriesContext(connection) as queries:
        page: Any = admin_client.get(reverse("admin:papers_paper_changelist"), {"q": "video"})
    assert list(page.context["cl"].result_list) == papers[::-1]
    assert len([query for query in queries if "LIKE" in query["sql"]]) == (3 if few == 1 else 1)


def test_the_ledger_is_searched_by_id_or_whole_address(admin_client: Client) -> None:
    reader = make_reader(email="Ada@example.org")
    delivery = make_delivery(make_edition(make_paper()), reader)
    make_delivery(Edition.objects.get(), make_reader())
    for term, found in ((str(delivery.pk), [delivery]), ("ada@example.org", [delivery]), ("ada", [])):
        page: Any = admin_client.get(reverse("admin:newsletter_delivery_changelist"), {"q": term})
        assert list(page.context["cl"].result_list) == found


def test_the_paper_that_came_last_stands_first(admin_client: Client) -> None:
    papers = [make_paper(), make_paper(listed_on=None)]
    page: Any = admin_client.get(reverse("admin:papers_paper_changelist"))
    assert list(page.context["cl"].result_list) == papers[::-1]


# --- What is told of how many there are -------------------------------------------------------------------------------

PAPERS = "/admin/papers/paper/"


def open_papers(client: Client, **asked: Any) -> str:
    return " ".join(client.get(PAPERS, asked).content.decode().split())


def test_how_many_there_are_is_told_as_well_as_it_is_known(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        make_paper(is_hidden=number > 0)
    assert "4 papers" in open_papers(admin_client)
    monkeypatch.setattr(paging, "MOST_COUNTED", 2)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    assert "about 4 papers" in open_papers(admin_client)
    page = open_papers(admin_client, is_hidden__exact="1")
    assert "more than 2 papers" in page
    assert "more than 2 results" in page
    assert str(paging.Count(12_345, "about")) == "about 12,345"


@pytest.mark.parametrize("most", [2, 100])
def test_all_rows_are_chosen_only_where_it_is_known_how_many_they_are(
    most: int, admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "MOST_COUNTED", most)
    monkeypatch.setattr(PaperAdmin, "list_per_page", 1)
    papers = [make_paper(title=f"Paper {number}") for number in range(3)]
    assert ("across all pages" in open_papers(admin_client, q="paper")) == (most == 100)
    chosen = {"action": "hide", "select_across": "1", "_selected_action": [papers[0].pk]}
    page: Any = admin_client.post(f"{PAPERS}?q=paper", chosen, follow=True)
    told = " ".join(str(message) for message in page.context["messages"])
    assert told == (
        "3 papers hidden."
        if most == 100
        else "These are more than 2: choose some on each page, or filter the list. Nothing was changed."
    )
    assert Paper.objects.filter(is_hidden=True).count() == (3 if most == 100 else 0)
