from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from papers.batch import IngestReport
from papers.models import Paper, Signal, Topic
from papers.search import search
from papers.sources.base import Attention, Reading, StaleAnswer
from tests.factories import NOW, make_record
from tests.papers.ingesting import dump, ingest_records, make_records, sample_of

pytestmark = pytest.mark.django_db

MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)


# --- Attention and counts ----------------------------------------------------------------------------------------


def counts() -> dict[str, int]:
    found: dict[str, int] = Paper.objects.get().counts
    return found


def test_a_paper_carries_the_latest_count_of_each_kind() -> None:
    ingest_records(replace(make_record(), readings=(Reading("upvotes", 7, MIDNIGHT), Reading("comments", 1, MIDNIGHT))))
    assert counts() == {"upvotes": 7, "comments": 1}
    ingest_records(replace(make_record(), readings=(Reading("upvotes", 9, NOW),)))
    assert counts() == {"upvotes": 9, "comments": 1}


def test_an_older_reading_turns_no_count_back_and_is_kept_as_a_signal() -> None:
    ingest_records(replace(make_record(), readings=(Reading("upvotes", 9, NOW),)))
    ingest_records(replace(make_record(), readings=(Reading("upvotes", 7, MIDNIGHT), Reading("stars", 3, MIDNIGHT))))
    assert counts() == {"upvotes": 9, "stars": 3}
    assert Signal.objects.count() == 3


def test_a_count_may_fall() -> None:
    for value, at in ((9, MIDNIGHT), (8, NOW)):
        ingest_records(replace(make_record(), readings=(Reading("upvotes", value, at),)))
    assert counts() == {"upvotes": 8}


@pytest.mark.parametrize("is_new", [True, False])
def test_the_latest_of_several_readings_in_one_batch_counts_in_whatever_order_they_come(is_new: bool) -> None:
    if not is_new:
        ingest_records(make_record(upvotes=1))
    readings = [Reading("upvotes", value, NOW + timedelta(hours=value)) for value in (3, 5, 2)]
    ingest_records(*(replace(make_record(), readings=(reading,)) for reading in readings))
    assert counts() == {"upvotes": 5}


def test_each_paper_of_a_batch_that_spans_days_gets_its_own_latest_count() -> None:
    old, new = make_records(2)
    ingest_records(old, new)
    later = {old.key: MIDNIGHT + timedelta(hours=1), new.key: NOW}
    ingest_records(*(replace(record, readings=(Reading("upvotes", 50, later[record.key]),)) for record in (old, new)))
    assert [paper.counts for paper in Paper.objects.all()] == [{"upvotes": 50}] * 2


@pytest.mark.parametrize("sources", [("github", "huggingface"), ("huggingface", "github")])
def test_of_two_sources_at_the_same_moment_the_same_one_counts_whichever_came_first(sources: tuple[str, str]) -> None:
    values = {"github": 100, "huggingface": 90}
    for source in sources:
        ingest_records(replace(make_record(), readings=(Reading("stars", values[source], NOW),)), source=source)
    assert counts() == {"stars": 100}


def test_attention_is_added_to_a_known_paper_and_changes_nothing_else() -> None:
    ingest_records(make_record(upvotes=7))
    before = dump(Topic, Paper.topics.through)
    report = ingest_records(Attention("arxiv:2611.00001", (Reading("stars", 42, NOW),)), source="github")
    assert report == IngestReport(signals=1)
    assert counts() == {"upvotes": 7, "stars": 42}
    assert Signal.objects.get(source="github").value == 42
    assert dump(Topic, Paper.topics.through) == before


def test_attention_to_an_unknown_paper_is_skipped() -> None:
    report = ingest_records(Attention("arxiv:2611.99999", (Reading("stars", 42, NOW),)))
    assert report == IngestReport(skipped=1)
    assert not Paper.objects.exists()


def test_counts_of_a_sample_paper_do_not_outlive_its_becoming_real() -> None:
    ingest_records(sample_of(replace(make_record(), readings=(Reading("comments", 99, NOW),))), source="sample")
    ingest_records(make_record(upvotes=7))
    assert counts() == {"upvotes": 7}


def test_a_stale_answer_is_kept_in_the_report_and_is_no_row() -> None:
    report = ingest_records(make_record(), StaleAnswer("Asked for today, answered with yesterday."))
    assert (report.stale, report.received) == (["Asked for today, answered with yesterday."], 1)


def test_search_knows_what_was_ingested_and_what_changed() -> None:
    ingest_records(make_record(title="Zebras"))
    assert [paper.title for paper in search("zebras")] == ["Zebras"]
    ingest_records(make_record(title="Giraffes"))
    assert [paper.title for paper in search("giraffes")] == ["Giraffes"]
    assert not search("zebras")


def test_twenty_known_papers_take_as_many_queries_as_ten() -> None:
    ingest_records(*make_records(20))
    taken = []
    for count in (10, 20):
        later = [
            replace(
                record, title=f"Changed {count}", readings=(Reading("upvotes", count, NOW + timedelta(hours=count)),)
            )
            for record in make_records(count)
        ]
        with CaptureQueriesContext(connection) as queries:
            ingest_records(*later)
        taken.append(len(queries))
    assert taken[0] == taken[1]
