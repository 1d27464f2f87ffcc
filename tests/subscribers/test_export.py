import csv
import stat
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from papers.models import Topic
from subscribers.columns import COLUMNS
from subscribers.models import Subscriber
from subscribers.tables import FORMULA, neutral, restored
from tests.factories import NOW, make_reader
from tests.subscribers.files import take_in

pytestmark = pytest.mark.django_db


def exported() -> list[dict[str, str]]:
    out = StringIO()
    call_command("export_subscribers", stdout=out, stderr=StringIO())
    return list(csv.DictReader(StringIO(out.getvalue(), newline="")))


def test_every_reader_is_exported_with_what_they_chose_and_where_they_stand() -> None:
    reader = make_reader(
        email="ada@example.org", interests="proofs,\nagents", hour=5, weekday=4, time_zone="Asia/Tokyo"
    )
    reader.topics.set(Topic.objects.filter(slug__in=["agents", "vision"]))
    make_reader(status="pending")
    first, second = exported()
    assert list(first) == COLUMNS
    assert set(first.pop("topics").split(", ")) == {"agents", "vision"}
    assert first == {
        "email": "ada@example.org",
        "interests": "proofs,\nagents",
        "followed_authors": "",
        "muted_words": "",
        "cadence": "daily",
        "weekday": "Friday",
        "hour": "5",
        "time_zone": "Asia/Tokyo",
        "size": "10",
        "hears_of_quiet_days": "no",
        "status": "active",
        "created_at": NOW.isoformat(),
        "confirmed_at": "2026-11-21T18:00:00+00:00",
        "unsubscribed_at": "",
    }
    assert (second["status"], second["confirmed_at"]) == ("pending", "")


def test_an_export_that_is_imported_elsewhere_brings_back_who_was_active_as_they_were() -> None:
    reader = make_reader(
        email="=ada+x@example.org",
        interests="=1+1",
        muted_words="'quoted'",
        cadence="weekly",
        weekday=2,
        hears_of_quiet_days=True,
    )
    reader.topics.set(Topic.objects.all()[:3])
    make_reader(status="unsubscribed")
    before = exported()[0]
    out = StringIO()
    call_command("export_subscribers", stdout=out, stderr=StringIO())
    Subscriber.objects.all().delete()
    assert take_in(out.getvalue()).created == 1
    assert {name: before[name] for name in COLUMNS[:12]} == {name: exported()[0][name] for name in COLUMNS[:12]}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", " =", "'=", '"=', " ' \"@", "\n=", "＝"])
def test_no_cell_is_a_formula(start: str) -> None:
    make_reader(interests=f"{start}HYPERLINK(1)")
    (row,) = exported()
    assert row["interests"].startswith("'")
    assert restored(row["interests"]) == f"{start}HYPERLINK(1)"


@given(st.text(alphabet="=+-@\t\r\n '\"ab"))
def test_what_was_made_harmless_comes_back_as_it_was(cell: str) -> None:
    assert restored(neutral(cell)) == cell
    assert neutral(cell).startswith("'") or not FORMULA.match(cell)


def test_a_file_of_readers_is_for_nobody_else_to_read(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.touch(mode=0o644)
    make_reader(interests="Gödel")
    call_command("export_subscribers", out=path, stderr=StringIO())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "Gödel" in path.read_text(encoding="utf-8")


def test_a_place_that_cannot_be_written_to_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_subscribers", out=tmp_path / "none" / "out.csv")


def test_readers_cost_no_queries_of_their_own() -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            exported()
        return len(captured)

    make_reader().topics.set(Topic.objects.all()[:2])
    with_one = queries()
    for _ in range(10):
        make_reader().topics.set(Topic.objects.all()[:2])
    assert queries() == with_one
