"""Closing on PostgreSQL: several at once, and by a process that is killed."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from newsletter import audience
from newsletter.editions import close_edition, keep_editions
from newsletter.models import Delivery, Edition
from papers.scoring import score_papers
from tests.factories import NOW, make_edition, make_paper, make_reader
from tests.services.test_races import both

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]

READERS = 200
# One reader at a time, so that there is time to be killed.
CLOSE = """
import sys
from datetime import datetime
import django
django.setup()
from newsletter import audience, editions
audience.BATCH = 1
editions.close_edition(int(sys.argv[1]), datetime.fromisoformat(sys.argv[2]))
"""


def database_url() -> str:
    there = connection.settings_dict
    return "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format_map(there)


def rows() -> dict[int, dict[str, Any]]:
    return {row["subscriber_id"] or 0: dict(row) for row in Delivery.objects.values()}


def wait_for_deliveries(count: int) -> None:
    for _ in range(600):
        if Delivery.objects.count() >= count:
            return
        time.sleep(0.05)
    raise AssertionError("no deliveries came")


def test_a_closing_whose_process_is_killed_is_resumed_without_doubling_or_changing_a_row() -> None:
    readers = {make_reader().pk for _ in range(READERS)}
    edition = make_edition(make_paper(), make_paper(), status=Edition.Status.DRAFT)
    environment = os.environ | {"DATABASE_URL": database_url()}
    process = subprocess.Popen([sys.executable, "-c", CLOSE, str(edition.pk), NOW.isoformat()], env=environment)
    try:
        wait_for_deliveries(5)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    edition.refresh_from_db()
    before, fragments = rows(), edition.fragments
    assert edition.status == Edition.Status.CLOSING
    assert 5 <= len(before) < READERS
    close_edition(edition.pk, NOW + timedelta(minutes=5))
    edition.refresh_from_db()
    after = rows()
    assert (edition.status, edition.audience, edition.fragments) == (Edition.Status.CLOSED, READERS, fragments)
    assert (set(after), Delivery.objects.count()) == (readers, READERS)
    assert {reader: after[reader] for reader in before} == before
    assert len({str(row["picks"]) for row in after.values()}) == 1


def test_two_who_close_at_once_make_one_edition_and_one_delivery_for_each_reader() -> None:
    for _ in range(3):
        Delivery.objects.all().delete()
        Edition.objects.all().delete()
        make_paper()
        readers = {make_reader().pk for _ in range(30)}
        score_papers(NOW)
        both(lambda: keep_editions(NOW))
        daily = Edition.objects.get(kind=Edition.Kind.DAILY)
        assert (daily.status, daily.audience) == (Edition.Status.CLOSED, Delivery.objects.count())
        assert readers <= set(daily.deliveries.values_list("subscriber_id", flat=True))


def test_two_ticks_at_once_make_one_delivery_of_an_edition_for_each_reader(tmp_path: Path) -> None:
    readers = {make_reader().pk for _ in range(20)}
    environment = os.environ | {"DATABASE_URL": database_url(), "VAR_DIR": str(tmp_path)}
    ticks = [subprocess.Popen([sys.executable, "manage.py", "tick"], env=environment) for _ in range(2)]
    assert [tick.wait(60) for tick in ticks] == [0, 0]
    daily = Edition.objects.get(kind=Edition.Kind.DAILY, status=Edition.Status.CLOSED)
    got = list(daily.deliveries.values_list("subscriber_id", flat=True))
    assert (set(got), len(got), daily.audience) == (readers, 20, 20)


def test_two_who_resume_a_closing_at_once_make_one_delivery_for_each_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience, "BATCH", 1)
    readers = {make_reader().pk for _ in range(60)}
    edition = make_edition(make_paper(), status=Edition.Status.CLOSING)
    both(lambda: close_edition(edition.pk, NOW))
    assert (set(rows()), Delivery.objects.count()) == (readers, 60)
