"""What the planner of PostgreSQL is told; SQLite's has no choice."""

import pytest
from django.db import connection

pytestmark = [pytest.mark.services, pytest.mark.django_db]


def test_the_index_has_no_plan_that_compares_row_by_row() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT proconfig FROM pg_proc WHERE proname LIKE 'papers\\_search\\_%'")
        settings = [row[0] for row in cursor.fetchall()]
    assert len(settings) == 4
    assert all("enable_seqscan=off" in setting for setting in settings)
