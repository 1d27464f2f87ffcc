from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from newsletter.editions import refresh_draft
from newsletter.models import Delivery, Edition, EditionEntry
from papers.models import Paper, TrendingScore
from tests.admin_pages import assert_rows_cost_no_queries, count_queries, posted_by
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


def row_of(data: dict[str, Any], entry: EditionEntry) -> str:
    """Return what the names of the entry's fields on the page begin with."""
    (field,) = [name for name, value in data.items() if name.endswith("-id") and value == entry.pk]
    return field.removesuffix("id")


def edit(client: Client, edition: Edition, entry: EditionEntry, **fields: object) -> Any:
    data = posted_by(client.get(page_of(edition)))
    return client.post(page_of(edition), data | {row_of(data, entry) + name: value for name, value in fields.items()})


def add(client: Client, edition: Edition, *papers: Paper, **fields: object) -> Any:
    data = posted_by(client.get(page_of(edition))) | {"entries-TOTAL_FORMS": len(papers)}
    for number, paper in enumerate(papers):
        row = {"paper": paper.pk, **fields}
        data |= {f"entries-{number}-{name}": value for name, value in row.items()}
    return client.post(page_of(edition), data)


def errors_on(page: Any) -> str:
    return str([form.errors for inline in page.context["inline_admin_formsets"] for form in inline.formset.forms])


@pytest.mark.parametrize("url", [EDITIONS, DELIVERIES])
def test_a_list_takes_as_many_queries_for_twenty_rows_as_for_ten(admin_client: Client, url: str) -> None:
    assert_rows_cost_no_queries(admin_client, url, make_rows)


@pytest.mark.parametrize("status", [Edition.Status.DRAFT, Edition.Status.CLOSED])
def test_an_edition_of_twenty_papers_takes_as_many_queries_as_one_of_ten(admin_client: Client, status: str) -> None:
    short = make_edition(*(make_paper() for _ in range(10)), status=status)
    long = make_edition(*(make_paper() for _ in range(20)), status=status, day=TODAY - timedelta(days=1))
    count_queries(admin_client, page_of(short))
    assert count_queries(admin_client, page_of(short)) == count_queries(admin_client, page_of(long))


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


def test_a_draft_shows_its_entries_in_the_order_they_go_out_with_scores_in_words(admin_client: Client) -> None:
    first, second, third = make_paper(), make_paper(), make_paper()
    draft = make_draft(first, second, third)
    draft.entries.filter(paper=third).update(is_pinned=True)
    page = admin_client.get(page_of(draft))
    _, entries = page.context["inline_admin_formsets"]
    assert [form.original.paper for form in entries] == [third, first, second]
    assert "+99 upvotes" in page.content.decode()


def test_what_an_editor_arranges_is_what_goes_out(admin_client: Client) -> None:
    papers = [make_paper(title=title) for title in ("First", "Second", "Third", "Fourth")]
    draft = make_draft(*papers)
    first, second, third, fourth = draft.entries.in_order()
    assert edit(admin_client, draft, first, position=9).status_code == 302
    assert edit(admin_client, draft, second, is_hidden="on").status_code == 302
    assert edit(admin_client, draft, fourth, is_pinned="on", note="Read the appendix.").status_code == 302
    going_out = list(draft.entries.going_out())
    assert going_out == [fourth, third, first]
    assert going_out[0].note == "Read the appendix."


def test_rank_score_and_paper_of_an_entry_cannot_be_changed(admin_client: Client) -> None:
    draft = make_draft(make_paper())
    entry = draft.entries.get()
    edit(admin_client, draft, entry, rank=7, score=99, parts="[]", paper=make_paper().pk)
    changed = draft.entries.get()
    assert (changed.rank, changed.score, changed.parts, changed.paper) == (1, entry.score, entry.parts, entry.paper)


def test_nothing_of_the_edition_itself_can_be_changed(admin_client: Client) -> None:
    draft = make_draft(make_paper())
    page = admin_client.get(page_of(draft))
    assert not page.context["adminform"].form.fields
    with CaptureQueriesContext(connection) as queries:
        admin_client.post(page_of(draft), posted_by(page) | {"status": "closed", "audience": 9})
    assert not [query["sql"] for query in queries if 'UPDATE "newsletter_edition"' in query["sql"]]


def test_what_is_typed_is_stored_before_or_after_closing_but_never_while_it_happens(admin_client: Client) -> None:
    draft = make_draft(make_paper())
    with CaptureQueriesContext(connection) as queries:
        edit(admin_client, draft, draft.entries.get(), note="Good")
    locking = [query["sql"] for query in queries if "FOR UPDATE" in query["sql"]]
    # SQLite has one writer at a time, and no such lock.
    assert len(locking) == int(connection.features.has_select_for_update)


def test_entries_that_left_the_draft_while_the_page_was_open_are_no_obstacle(admin_client: Client) -> None:
    draft = make_draft(make_paper(), make_paper(), make_paper())
    _, second, third = draft.entries.in_order()
    data = posted_by(admin_client.get(page_of(draft)))
    second.delete()
    answer = admin_client.post(page_of(draft), data | {row_of(data, third) + "note": "Good"})
    assert answer.status_code == 302
    assert [entry.note for entry in draft.entries.in_order()] == ["", "Good"]


def test_an_editor_is_told_when_the_entry_that_was_edited_has_left_the_draft(admin_client: Client) -> None:
    draft = make_draft(make_paper(), make_paper())
    first, second = draft.entries.in_order()
    data = posted_by(admin_client.get(page_of(draft)))
    edited = data | {row_of(data, first) + "is_pinned": "on"}
    first.delete()
    page = admin_client.post(page_of(draft), edited)
    assert "This paper has left the draft" in errors_on(page)
    assert list(draft.entries.all()) == [second]


def test_a_paper_is_added_last_with_the_score_it_has(admin_client: Client) -> None:
    draft = make_draft(make_paper(), make_paper())
    paper = make_paper()
    parts = [{"kind": "stars", "gain": 3, "points": 1.5}]
    known = {"window": "day", "version": "2", "scored_at": NOW}
    for day, score in ((TODAY - timedelta(days=1), 9.9), (TODAY, 1.5)):
        TrendingScore.objects.create(paper=paper, day=day, score=score, parts=parts, **known)
    assert add(admin_client, draft, paper).status_code == 302
    entry = list(draft.entries.going_out())[-1]
    assert (entry.paper, entry.rank, entry.score, entry.parts) == (paper, 3, 1.5, parts)


def test_papers_that_nobody_talks_about_are_added_without_a_score_and_stay(admin_client: Client) -> None:
    draft = make_draft(make_paper())
    quiet, silent = make_paper(upvotes=None), make_paper(upvotes=None)
    assert add(admin_client, draft, quiet, silent).status_code == 302
    refresh_draft(draft.pk)
    added = draft.entries.in_order().filter(paper__in=[quiet, silent])
    assert [(entry.paper, entry.score, entry.parts) for entry in added] == [(quiet, 0.0, []), (silent, 0.0, [])]


def test_an_added_paper_can_be_pinned_and_noted_at_once(admin_client: Client) -> None:
    draft = make_draft(make_paper())
    paper = make_paper()
    add(admin_client, draft, paper, is_pinned="on", note="New.")
    entry = draft.entries.going_out()[0]
    assert (entry.paper, entry.note, entry.position) == (paper, "New.", None)


def test_the_paper_to_add_is_looked_up_by_its_title(admin_client: Client) -> None:
    paper = make_paper(title="Sparse Attention")
    make_paper(title="Something Else")
    field = {"app_label": "newsletter", "model_name": "editionentry", "field_name": "paper"}
    answer = admin_client.get("/admin/autocomplete/", field | {"term": "sparse"})
    assert answer.json()["results"] == [{"id": str(paper.pk), "text": "Sparse Attention"}]


def test_a_paper_is_not_added_twice(admin_client: Client) -> None:
    known, new = make_paper(), make_paper()
    draft = make_draft(known)
    assert "The edition has this paper already." in errors_on(add(admin_client, draft, known))
    assert add(admin_client, draft, new, new).status_code == 200
    assert draft.entries.count() == 1


def test_a_paper_that_is_hidden_everywhere_is_not_added(admin_client: Client) -> None:
    draft = make_draft(make_paper())
    assert "hidden everywhere" in errors_on(add(admin_client, draft, make_paper(is_hidden=True)))


@pytest.mark.parametrize("status", [Edition.Status.CLOSING, Edition.Status.CLOSED, Edition.Status.CANCELLED])
def test_what_is_in_an_edition_at_closing_stays(admin_client: Client, status: Edition.Status) -> None:
    draft = make_draft(make_paper(), make_paper())
    entry = draft.entries.in_order()[0]
    data = posted_by(admin_client.get(page_of(draft)))
    Edition.objects.update(status=status, closing_at=NOW)
    forged = {row_of(data, entry) + "note": "Too late", row_of(data, entry) + "is_hidden": "on"}
    added = {"entries-TOTAL_FORMS": 1, "entries-0-paper": make_paper().pk}
    assert admin_client.post(page_of(draft), data | forged | added).status_code == 403
    assert [(entry.note, entry.is_hidden) for entry in draft.entries.all()] == [("", False), ("", False)]


def test_a_closed_edition_offers_nothing_to_edit(admin_client: Client) -> None:
    closed = make_edition(make_paper())
    page = admin_client.get(page_of(closed))
    (entries,) = page.context["inline_admin_formsets"]
    assert not any([entries.has_add_permission, entries.has_change_permission, entries.has_delete_permission])
    assert b"-0-note" not in page.content


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
