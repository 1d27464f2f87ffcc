"""Addresses that are never to be mailed, as the staff sees them."""

import pytest
from django.test import Client

from subscribers.models import Suppression
from tests.admin_pages import assert_rows_cost_no_queries
from tests.factories import NOW, make_reader

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
