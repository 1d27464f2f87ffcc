from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from papers.batch import IngestReport
from papers.ingest import CHUNK, ingest
from papers.models import Paper, Signal, Topic
from papers.sources.base import PaperRecord, Reading, Row, RowError, SourceError
from tests.factories import NOW, TODAY, make_paper, make_record
from tests.papers.ingesting import dump, dump_all, ingest_records, make_records, sample_of

pytestmark = pytest.mark.django_db

MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)


# --- Papers ------------------------------------------------------------------------------------------------------


def test_a_record_becomes_a_paper_with_its_signals() -> None:
    report = ingest_records(make_record(arxiv_id="2611.00001", title="A Paper", upvotes=7))
    paper = Paper.objects.get()
    assert (paper.key, paper.title, paper.listed_on) == ("arxiv:2611.00001", "A Paper", TODAY)
    signal = paper.signals.get()
    assert (signal.source, signal.kind, signal.value, signal.observed_at) == ("huggingface", "upvotes", 7, MIDNIGHT)
    assert report == IngestReport(created=1, signals=1)


def test_ingesting_twice_changes_no_row() -> None:
    records = [*make_records(3), make_record(arxiv_id=None, title="Without an id")]
    ingest_records(*records)
    before = dump_all()
    assert ingest_records(*records) == IngestReport(unchanged=4)
    assert dump_all() == before


def test_what_a_source_no_longer_tells_is_kept_and_what_it_tells_anew_is_changed() -> None:
    full = replace(make_record(), abstract="Long.", authors=("Ada",), github_url="https://github.com/a/b")
    ingest_records(full)
    report = ingest_records(replace(make_record(title="A Better Title"), authors=("Ada", "Alan")))
    assert report == IngestReport(updated=1)
    paper = Paper.objects.get()
    assert (paper.title, paper.authors) == ("A Better Title", ["Ada", "Alan"])
    assert (paper.abstract, paper.github_url) == ("Long.", "https://github.com/a/b")


def test_the_first_listing_day_stays() -> None:
    for day in (date(2026, 11, 20), date(2026, 11, 19), date(2026, 11, 23)):
        ingest_records(make_record(listed_on=day))
    assert Paper.objects.get().listed_on == date(2026, 11, 19)


def test_unknown_ids_and_dates_stay_null() -> None:
    ingest_records(PaperRecord(title="Nothing is known"))
    paper = Paper.objects.get()
    assert (paper.arxiv_id, paper.doi, paper.published_on, paper.listed_on) == (None, None, None, None)
    assert paper.key.startswith("title:")


def test_papers_without_ids_are_matched_by_title() -> None:
    ingest_records(PaperRecord(title="Attention is all you need"))
    report = ingest_records(PaperRecord(title="Attention Is All You Need!"), PaperRecord(title="Another"))
    assert (report.created, report.updated) == (1, 1)


def test_one_doi_in_two_spellings_is_one_paper() -> None:
    ingest_records(PaperRecord(title="X", doi="10.1/AbC"), PaperRecord(title="X", doi="10.1/aBc"))
    assert Paper.objects.get().key == "doi:10.1/abc"


def test_one_key_twice_in_a_batch_is_one_paper_with_the_signals_of_both() -> None:
    later = Reading("upvotes", 12, NOW)
    report = ingest_records(make_record(upvotes=7), replace(make_record(title="The Last Title"), readings=(later,)))
    paper = Paper.objects.get()
    assert paper.title == "The Last Title"
    assert list(paper.signals.values_list("value", flat=True)) == [7, 12]
    assert (report.created, report.unchanged, report.signals) == (1, 1, 2)


def test_one_reading_twice_in_a_batch_is_one_signal() -> None:
    assert ingest_records(make_record(), make_record()).signals == 1
    assert Signal.objects.count() == 1


def test_a_later_reading_is_added_and_the_same_moment_is_not_read_again() -> None:
    ingest_records(make_record(upvotes=7))
    report = ingest_records(
        replace(make_record(), readings=(Reading("upvotes", 99, MIDNIGHT), Reading("upvotes", 8, NOW)))
    )
    assert report.signals == 1
    assert list(Signal.objects.values_list("value", flat=True)) == [7, 8]


def test_two_sources_keep_a_signal_each() -> None:
    ingest_records(make_record(), source="huggingface")
    ingest_records(make_record(), source="other")
    assert set(Signal.objects.values_list("source", flat=True)) == {"huggingface", "other"}


def test_what_an_editor_says_stays_when_a_source_is_read_again() -> None:
    ingest_records(make_record())
    said = {"is_pinned": True, "is_hidden": True, "editor_note": "Read this one."}
    Paper.objects.update(**said)
    assert ingest_records(make_record(title="A Better Title")).updated == 1
    assert Paper.objects.filter(title="A Better Title", **said).exists()


def test_refused_rows_are_reported_and_the_others_kept() -> None:
    refused = RowError("list row 2", "missing id")
    report = ingest_records(make_record(arxiv_id="2611.00001"), refused, make_record(arxiv_id="2611.00003"))
    assert report.refused == [refused]
    assert (Paper.objects.count(), report.created) == (2, 2)
    assert str(report) == "2 new papers, 0 changed, 0 unchanged, 2 new signals, 0 rows skipped, 1 refused"


def test_more_rows_than_a_chunk_are_all_kept() -> None:
    records = make_records(2 * CHUNK + 1)
    report = ingest_records(*records)
    assert (report.created, report.signals) == (len(records), len(records))
    assert set(Paper.objects.values_list("key", flat=True)) == {record.key for record in records}
    assert ingest_records(*records).unchanged == len(records)


def test_a_key_in_two_chunks_is_one_paper() -> None:
    first, *others = make_records(CHUNK)
    report = ingest_records(first, *others, replace(first, title="Once more"))
    assert (report.created, report.updated) == (CHUNK, 1)


def test_an_error_in_the_middle_keeps_all_that_came_before_it() -> None:
    def rows() -> Iterator[Row]:
        yield from make_records(CHUNK + 10)
        raise SourceError("gone", permanent=False)

    report = IngestReport()
    with pytest.raises(SourceError, match="gone"):
        ingest("huggingface", rows(), report)
    assert Paper.objects.count() == CHUNK + 10
    assert (report.created, report.received) == (CHUNK + 10, CHUNK + 10)


def test_twenty_papers_take_as_many_queries_as_ten() -> None:
    counts = []
    for records in (make_records(10), make_records(30)[10:]):
        with CaptureQueriesContext(connection) as queries:
            ingest_records(*records)
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- Sample papers -----------------------------------------------------------------------------------------------


def test_sample_papers_never_touch_real_ones() -> None:
    ingest_records(make_record(title="Real", listed_on=date(2026, 11, 20)))
    before = dump_all()
    sample = replace(sample_of(make_record(title="Benchmark Sample", upvotes=500)), categories=("cs.CL",))
    ingest_records(sample, source="sample")
    assert dump(Paper, Signal, Paper.topics.through) == [before[0], before[1], before[3]]


def test_real_facts_replace_sample_ones_with_their_day_and_their_counts() -> None:
    sample = replace(sample_of(make_record(title="Sample", upvotes=500)), summary="In our own words.")
    ingest_records(sample, source="sample")
    ingest_records(make_record(title="Real", upvotes=7, listed_on=date(2026, 11, 25)))
    paper = Paper.objects.get()
    assert (paper.title, paper.is_sample, paper.listed_on) == ("Real", False, date(2026, 11, 25))
    assert paper.summary == "In our own words."
    assert list(paper.signals.values_list("source", "value")) == [("huggingface", 7)]


def test_real_papers_leave_the_other_sample_papers_alone() -> None:
    one, other = make_records(2)
    ingest_records(sample_of(one), sample_of(other), source="sample")
    ingest_records(one)
    assert Paper.objects.get(key=other.key).is_sample
    assert Signal.objects.get(paper__key=other.key).source == "sample"


# --- Topics ------------------------------------------------------------------------------------------------------


def topics_of(paper: Paper) -> set[str]:
    return set(paper.topics.values_list("slug", flat=True))


@pytest.mark.parametrize(
    ("title", "keywords", "expected"),
    [
        ("Training Vision-Language Models", (), {"made", "multimodal"}),
        ("A vision for language", (), set()),
        ("On Trees", ("robots", "other"), {"robotics"}),
        ("On Trees", ("vision language",), {"made", "multimodal"}),
        ("On vision", ("language",), set()),
    ],
)
def test_a_paper_is_in_the_topics_whose_phrases_stand_in_its_title_or_a_keyword(
    title: str, keywords: tuple[str, ...], expected: set[str]
) -> None:
    Topic.objects.create(slug="made", name="Made", kind=Topic.Kind.KEYWORDS, terms=["unheard of", "Vision Language"])
    ingest_records(replace(make_record(title=title), keywords=keywords))
    assert topics_of(Paper.objects.get()) & {"made", "multimodal", "robotics"} == expected


def test_categories_become_topics_once() -> None:
    one, other = make_records(2)
    ingest_records(replace(one, categories=("cs.CL", "stat.ML")))
    ingest_records(replace(one, categories=("cs.CL",)), replace(other, categories=("cs.CL",)))
    made = Topic.objects.filter(kind=Topic.Kind.CATEGORY)
    assert set(made.values_list("slug", "name")) == {("cs.CL", "cs.CL"), ("stat.ML", "stat.ML")}
    assert topics_of(Paper.objects.get(key=one.key)) >= {"cs.CL", "stat.ML"}
    assert "cs.CL" in topics_of(Paper.objects.get(key=other.key))


def test_a_topic_an_editor_took_away_stays_away_while_the_paper_does_not_change() -> None:
    ingest_records(make_record(title="A Benchmark"))
    paper = Paper.objects.get()
    assert topics_of(paper) == {"datasets-and-benchmarks"}
    paper.topics.clear()
    ingest_records(make_record(title="A Benchmark"))
    assert topics_of(paper) == set()


def test_a_hidden_paper_stays_hidden_when_it_is_listed_again() -> None:
    paper = make_paper(is_hidden=True)
    ingest_records(make_record(arxiv_id=paper.arxiv_id, title="Again"))
    paper.refresh_from_db()
    assert (paper.is_hidden, paper.title) == (True, "Again")


# --- What an editor corrected ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fact", "corrected", "told"),
    [
        ("title", "Corrected", "Told"),
        ("authors", ["Corrected"], ("Told",)),
        ("abstract", "Corrected", "Told"),
        ("summary", "Corrected", "Told"),
        ("summary", "", "Told"),
        ("keywords", ["corrected"], ("told",)),
        ("github_url", "https://github.com/a/corrected", "https://github.com/a/told"),
        ("project_url", "https://corrected.example", "https://told.example"),
    ],
)
def test_no_source_overwrites_what_an_editor_corrected(fact: str, corrected: object, told: object) -> None:
    record = replace(make_record(), **{fact: told})  # type: ignore[arg-type]
    ingest_records(record)
    Paper.objects.update(**{fact: corrected, "edited_facts": [fact]})
    assert ingest_records(record) == IngestReport(unchanged=1)
    assert getattr(Paper.objects.get(), fact) == corrected
    Paper.objects.update(edited_facts=[])
    ingest_records(record)
    assert getattr(Paper.objects.get(), fact) == (list(told) if isinstance(told, tuple) else told)


def test_no_source_changes_the_topics_an_editor_set() -> None:
    ingest_records(replace(make_record(title="A Benchmark"), categories=("cs.CL",)))
    paper = Paper.objects.get()
    paper.topics.clear()
    Paper.objects.update(edited_facts=["topics"])
    ingest_records(replace(make_record(title="Another Benchmark"), categories=("cs.CL", "cs.AI")))
    assert topics_of(paper) == set()


def test_a_paper_whose_title_was_corrected_is_still_found_by_the_one_the_source_tells() -> None:
    ingest_records(PaperRecord(title="Atention Is All You Need"))
    Paper.objects.update(title="Attention Is All You Need", edited_facts=["title"])
    assert ingest_records(PaperRecord(title="Atention Is All You Need")).unchanged == 1
    assert Paper.objects.get().title == "Attention Is All You Need"


# --- Whose word stands -------------------------------------------------------------------------------------------


def test_arxivs_own_words_stand_whichever_source_is_read_last() -> None:
    of_arxiv = replace(make_record(title="As at arXiv", upvotes=None), categories=("cs.CL",), abstract="arXiv's.")
    of_a_list = replace(make_record(title="As on the List"), abstract="The list's.", authors=("Ada",), summary="Short.")
    for records in ((of_arxiv, of_a_list), (of_a_list, of_arxiv)):
        Paper.objects.all().delete()
        for record in records:
            ingest_records(record)
        paper = Paper.objects.get()
        assert (paper.title, paper.abstract) == ("As at arXiv", "arXiv's.")
        assert (paper.authors, paper.summary, paper.primary_category) == (["Ada"], "Short.", "cs.CL")
        assert [ingest_records(record).updated for record in records] == [0, 0]


def test_a_repository_that_somebody_named_goes_before_one_out_of_the_text() -> None:
    named = replace(make_record(), github_url="https://github.com/a/named")
    found = replace(make_record(upvotes=None), categories=("cs.CL",), github_url="https://github.com/a/found")
    ingest_records(found)
    assert Paper.objects.get().github_url.endswith("found")
    ingest_records(named)
    ingest_records(found)
    assert Paper.objects.get().github_url.endswith("named")


def test_a_new_version_changes_a_known_paper_and_never_makes_one() -> None:
    known = replace(make_record(arxiv_id="2611.00001", upvotes=None), categories=("cs.CL",))
    ingest_records(known)
    report = ingest_records(
        replace(known, title="A Better Title", is_update=True),
        replace(known, arxiv_id="2611.00002", title="Unknown", is_update=True),
    )
    assert report == IngestReport(updated=1, skipped=1)
    assert Paper.objects.get().title == "A Better Title"
    assert report.why_not_all == "1 rows skipped: they tell of papers that are not known."
