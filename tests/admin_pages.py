"""What a person at the admin sees and sends."""

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext


def posted_by(page: Any) -> dict[str, Any]:
    """Return what a browser would send if the form on `page` were saved as it stands."""
    forms = [page.context["adminform"].form]
    for inline in page.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    values = {field.html_name: field.value() for form in forms for field in form}
    values |= {
        field.html_initial_name: field.value() for form in forms for field in form if field.field.show_hidden_initial
    }
    # An empty choice and an unticked box are not sent; a zero is.
    return {name: value for name, value in values.items() if value is not None and value is not False}


def choose_action(client: Client, url: str, action: str, *rows: Any, typed: str = "") -> str:
    """Choose a list action for these rows, and type what it asks for; return what the admin answers, in words."""
    chosen = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    page: Any = client.post(url, chosen | ({"typed": typed} if typed else {}), follow=True)
    return " ".join(str(message) for message in page.context["messages"])


def assert_rows_cost_no_queries(client: Client, url: str, make_rows: Callable[[int], None]) -> None:
    """Assert that the list at `url` takes as many queries for twenty rows as for ten."""
    make_rows(10)
    count_queries(client, url)  # what is looked up once and kept
    with_ten = count_queries(client, url)
    make_rows(10)
    assert count_queries(client, url) == with_ten


def count_queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)
