"""Addresses that are never to be mailed, as the staff sees them."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from subscribers.models import Suppression
from tests.admin_pages import assert_rows_cost_no_queries
from tests.factories import NOW, make_reader
from tests.staff.people import staff_client

pytestmark = pytest.mark.django_db

SUPPRESSIONS = "/admin/subscribers/suppression/"


def make_rows(count: int) -> None:
    for _ in range(count):
        Suppression.objects.suppress(make_reader().email, Suppression.Reason.COMPLAINT, NOW)


def test_a_list_takes_as_many_queries_for_twenty_rows_as_for_ten(admin_client: Client) -> None:
    assert_rows_cost_no_queries(admin_client, SUPPRESSIONS, make_rows)


def test_a_suppression_is_found_by_the_address_it_hides(admin_client: Client) -> None:
    make_rows(2)
    Suppression.objects.suppress("Ada@example.org", Suppression.Reason.MANUAL, NOW)
    for address, found in (("ada@example.org", 1), ("nobody@example.org", 0)):
        assert len(admin_client.get(SUPPRESSIONS, {"q": address}).context["cl"].result_list) == found


def test_suppressions_are_not_edited_but_may_be_lifted(admin_client: Client) -> None:
    Suppression.objects.suppress("ada@example.org", Suppression.Reason.MANUAL, NOW)
    url = f"{SUPPRESSIONS}{Suppression.objects.get().pk}/"
    assert admin_client.get(f"{url}change/").status_code == 200
    assert admin_client.post(f"{url}change/", {"reason": "complaint"}).status_code == 403
    assert admin_client.post(f"{url}delete/", {"post": "yes"}).status_code == 302
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("reason", sorted(set(Suppression.Reason) - {Suppression.Reason.MANUAL}))
def test_what_others_decided_is_lifted_by_nobody(reason: str, admin_client: Client) -> None:
    Suppression.objects.suppress("ada@example.org", reason, NOW)
    found = Suppression.objects.get()
    assert admin_client.post(f"{SUPPRESSIONS}{found.pk}/delete/", {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [str(found.pk)], "post": "yes"}
    admin_client.post(SUPPRESSIONS, chosen)
    assert Suppression.objects.get() == found


def test_an_address_is_added_of_which_only_a_hash_stays(admin_client: Client) -> None:
    reader = make_reader(email="Ada@example.org")
    assert admin_client.post(f"{SUPPRESSIONS}add/", {"address": " ada@Example.org"}).status_code == 302
    reader.refresh_from_db()
    assert (reader.status, Suppression.objects.get().reason) == ("unsubscribed", "manual")
    assert Suppression.objects.covers("ada@example.org")
    entry = LogEntry.objects.get()
    assert entry.get_edited_object() == Suppression.objects.get()
    assert "example.org" not in f"{entry.object_repr} {entry.change_message}"


@pytest.mark.parametrize(("typed", "why"), [("ada@example.org", "never mailed already"), ("ada", "@-sign")])
def test_an_address_that_cannot_be_added_says_why(typed: str, why: str, admin_client: Client) -> None:
    Suppression.objects.suppress("ada@example.org", Suppression.Reason.COMPLAINT, NOW)
    page = admin_client.post(f"{SUPPRESSIONS}add/", {"address": typed})
    assert why in str(page.context["adminform"].form.errors)
    assert Suppression.objects.get().reason == "complaint"


def test_who_looks_after_readers_may_add_an_address_and_lift_none() -> None:
    support, editor = staff_client("Support"), staff_client("Editor")
    assert support.post(f"{SUPPRESSIONS}add/", {"address": "ada@example.org"}).status_code == 302
    url = f"{SUPPRESSIONS}{Suppression.objects.get().pk}/"
    assert support.post(f"{url}delete/", {"post": "yes"}).status_code == 403
    assert {editor.get(page).status_code for page in (SUPPRESSIONS, f"{SUPPRESSIONS}add/", f"{url}change/")} == {403}
