from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from newsletter.models import Delivery, Edition
from papers.models import Paper
from tests.admin_pages import assert_rows_cost_no_queries
from tests.factories import NOW, TODAY, make_delivery, make_edition, make_paper, make_reader

pytestmark = pytest.mark.django_db

EDITIONS = "/admin/newsletter/edition/"
DELIVERIES = "/admin/newsletter/delivery/"


def page_of(row: Edition | Delivery) -> str:
    return f"{EDITIONS if isinstance(row, Edition) else DELIVERIES}{row.pk}/change/"


def make_draft(*papers: Paper, **fields: Any) -> Edition:
    return make_edition(*papers, status=Edition.Status.DRAFT, **fields)


def make_rows(count: int) -> None:
    for _ in range(count):
        day = TODAY - timedelta(days=Edition.objects.count())
        edition = make_draft(make_paper(), make_paper(), day=day)
        make_delivery(edition, make_reader())
        make_delivery(edition, None, status=Delivery.Status.SKIPPED, skip_reason=Delivery.SkipReason.ERASED)


@pytest.mark.parametrize("url", [EDITIONS, DELIVERIES])
def test_a_list_takes_as_many_queries_for_twenty_rows_as_for_ten(admin_client: Client, url: str) -> None:
    assert_rows_cost_no_queries(admin_client, url, make_rows)


@pytest.mark.parametrize("url", [EDITIONS, DELIVERIES])
def test_a_list_does_not_load_compiled_mails(admin_client: Client, url: str) -> None:
    make_rows(1)
    with CaptureQueriesContext(connection) as queries:
        admin_client.get(url)
    assert not [query["sql"] for query in queries if "fragments" in query["sql"]]


def test_the_list_counts_entries_and_deliveries_each_by_themselves(admin_client: Client) -> None:
    edition = make_draft(make_paper(), make_paper(), make_paper())
    for _ in range(2):
        make_delivery(edition, make_reader())
    make_delivery(edition, make_reader(), status=Delivery.Status.HANDED_OVER, claim=uuid4(), lease_until=NOW)
    make_draft(make_paper(), day=TODAY - timedelta(days=1))
    page = admin_client.get(EDITIONS)
    assert [row.entry_count for row in page.context["cl"].result_list] == [3, 1]
    assert (
        f'<a href="{DELIVERIES}?edition={edition.period}" class="text-link">2 queued, 1 handed over</a>'
        in page.content.decode()
    )


def test_a_title_with_markup_is_shown_as_text(admin_client: Client) -> None:
    paper = make_paper(title="<script>alert(1)</script>")
    draft = make_draft(paper)
    delivery = make_delivery(draft, make_reader(), paper)
    Delivery.objects.update(detail="<script>alert(2)</script>")
    pages = [page_of(draft), page_of(delivery), DELIVERIES, EDITIONS]
    html = [admin_client.get(url).content.decode() for url in pages]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html[0]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html[1]
    assert "&lt;script&gt;alert(2)&lt;/script&gt;" in html[2]
    assert not any("<script>alert" in page for page in html)


def test_editions_are_neither_added_nor_deleted_by_hand(admin_client: Client) -> None:
    draft = make_draft(make_paper())
    assert admin_client.get(f"{EDITIONS}add/").status_code == 403
    assert admin_client.post(f"{EDITIONS}{draft.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Edition.objects.exists()


def test_deliveries_are_only_read(admin_client: Client) -> None:
    delivery = make_delivery(make_draft(make_paper()), make_reader())
    assert admin_client.post(page_of(delivery), {"status": "accepted"}).status_code == 403
    assert admin_client.get(f"{DELIVERIES}add/").status_code == 403
    assert admin_client.post(f"{DELIVERIES}{delivery.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Delivery.objects.get().status == "queued"


def test_a_delivery_shows_its_papers_and_why_they_were_chosen(admin_client: Client) -> None:
    paper = make_paper(title="Sparse Attention")
    delivery = make_delivery(make_draft(paper), make_reader(), paper)
    Delivery.objects.update(picks=[*delivery.picks, {"paper_id": 10**6, "score": 1, "reason": "once"}])
    html = admin_client.get(page_of(delivery)).content.decode()
    assert "1. Sparse Attention (trending: +99 upvotes)" in html
    assert "2. a paper that is gone (once)" in html


def test_a_list_of_deliveries_never_shows_an_address(admin_client: Client) -> None:
    reader = make_reader(email="ada@example.org")
    make_delivery(make_draft(make_paper()), reader)
    html = admin_client.get(DELIVERIES).content.decode()
    assert f"Reader {reader.pk}" in html
    assert "ada@example.org" not in html


def test_deliveries_are_found_by_id_by_whole_address_and_by_edition(admin_client: Client) -> None:
    today, before = make_draft(make_paper()), make_draft(make_paper(), day=TODAY - timedelta(days=1))
    wanted = make_delivery(today, make_reader(email="ada@example.org"))
    make_delivery(before, make_reader(email="alan@example.org"))

    def found(**query: str) -> list[Delivery]:
        return list(admin_client.get(DELIVERIES, query).context["cl"].result_list)

    assert found(q=str(wanted.pk)) == [wanted]
    assert found(q="Ada@example.org") == [wanted]
    assert found(edition=today.period) == [wanted]
    assert found(q="example.org") == []
