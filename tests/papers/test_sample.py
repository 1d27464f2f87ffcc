import json
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db.models import Model

from papers.ingest import ingest, run_source
from papers.models import Paper, Signal
from papers.scoring import rank_papers
from papers.sources.sample import CATALOGUE, Sample
from papers.text import normalise_title
from tests.factories import NOW, TODAY, make_record
from tests.papers.answers import SHARED

MONDAY_MORNING = datetime(2026, 11, 23, 0, 5, tzinfo=UTC)
SUNDAY = datetime(2026, 11, 22, 12, tzinfo=UTC)
# A run of so many words is a quotation.
QUOTATION = 8


def read_catalogue() -> list[dict[str, object]]:
    return [json.loads(line) for line in CATALOGUE.read_text(encoding="utf-8").splitlines()]


def import_sample(at: datetime = NOW) -> None:
    ingest("sample", Sample().fetch(at))


def dump() -> list[list[dict[str, object]]]:
    models: list[type[Model]] = [Paper, Signal, Paper.topics.through]
    return [list(model._default_manager.order_by("pk").values()) for model in models]


def shifted_days() -> dict[str, date]:
    """The listing day of every dated paper, by key."""
    return {paper.key: paper.listed_on for paper in Paper.objects.all() if paper.listed_on}


def runs_of_words(text: str) -> set[tuple[str, ...]]:
    found = re.findall(r"\w+", text.casefold())
    return {tuple(found[i : i + QUOTATION]) for i in range(len(found) - QUOTATION + 1)}


def read_abstracts() -> dict[str, str]:
    """The abstract of every paper of the catalogue that stands beside the project, by arXiv id and by title."""
    paths = [path for path in (SHARED / "sample_days.jsonl", SHARED / "seed_listing.jsonl") if path.is_file()]
    rows = [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    by_id = {row["arxiv_id"]: row["abstract"] for row in rows if row["arxiv_id"]}
    return by_id | {normalise_title(row["title"]): row["abstract"] for row in rows}


def find_quotations(summary: str, abstract: str) -> set[tuple[str, ...]]:
    return runs_of_words(summary) & runs_of_words(abstract)


def test_the_catalogue_has_259_papers_of_which_25_have_no_arxiv_id() -> None:
    rows = read_catalogue()
    assert len(rows) == 259
    assert sum(row["arxiv_id"] is None for row in rows) == 25


def test_every_paper_of_the_catalogue_has_a_title_and_a_summary() -> None:
    assert [row["title"] for row in read_catalogue() if not str(row["summary"]).strip() or not row["title"]] == []


def test_ten_days_have_fourteen_papers_each_and_the_library_has_no_day() -> None:
    listed = Counter(row["listed_on"] for row in read_catalogue())
    assert listed.pop(None) == 119
    assert list(listed.values()) == [14] * 10


@pytest.mark.django_db
def test_every_paper_of_the_catalogue_has_a_key_of_its_own() -> None:
    assert len({record.key for record in Sample().fetch(NOW)}) == 259


def test_no_summary_quotes_its_abstract() -> None:
    abstracts = read_abstracts()
    quoting = {
        row["title"]: find_quotations(str(row["summary"]), abstract)
        for row in read_catalogue()
        for abstract in (abstracts.get(str(row["arxiv_id"])), abstracts.get(normalise_title(str(row["title"]))))
        if abstract and find_quotations(str(row["summary"]), abstract)
    }
    assert quoting == {}


def test_every_abstract_beside_the_project_belongs_to_a_paper_of_the_catalogue() -> None:
    known = {str(row["arxiv_id"]) for row in read_catalogue()}
    known |= {normalise_title(str(row["title"])) for row in read_catalogue()}
    assert read_abstracts().keys() - known == set()


def test_a_quotation_is_eight_words_in_a_row() -> None:
    words = "one two three four five six seven eight nine"
    assert find_quotations("We say: One, two; three four five six seven EIGHT.", words)
    assert not find_quotations("one two three four five six seven and eight nine", words)


@pytest.mark.django_db
def test_the_whole_catalogue_is_imported() -> None:
    import_sample()
    assert Paper.objects.filter(is_sample=True).count() == 259
    assert Paper.objects.filter(arxiv_id=None, doi=None).count() == 25
    assert Paper.objects.filter(arxiv_id="").count() == 0
    assert Paper.objects.filter(summary="").count() == 0
    counts = [value for row in read_catalogue() for value in dict(row["counts"]).values()]  # type: ignore[call-overload]
    assert sorted(Signal.objects.values_list("value", flat=True)) == sorted(counts)


@pytest.mark.django_db
def test_dates_are_never_guessed() -> None:
    import_sample()
    rows = read_catalogue()
    for field in ("published_on", "listed_on"):
        assert Paper.objects.filter(**{field: None}).count() == sum(row[field] is None for row in rows)
    told = {row["arxiv_id"]: row["published_on"] for row in rows if row["arxiv_id"]}
    kept = Paper.objects.exclude(arxiv_id=None).values_list("arxiv_id", "published_on")
    assert {arxiv_id: day and day.isoformat() for arxiv_id, day in kept} == told
    assert not Signal.objects.filter(paper__listed_on=None).exists()


@pytest.mark.django_db
@pytest.mark.parametrize(("at", "last"), [(NOW, TODAY), (MONDAY_MORNING, TODAY), (SUNDAY, date(2026, 11, 20))])
def test_the_last_day_is_the_latest_listing_day_at_the_first_import(at: datetime, last: date) -> None:
    import_sample(at)
    days = sorted(set(shifted_days().values()))
    assert days[-1] == last
    assert len(days) == 10
    assert all(day.weekday() < 5 for day in days)


@pytest.mark.django_db
def test_the_days_keep_their_order() -> None:
    import_sample()
    days = shifted_days()
    told = sorted(
        (str(row["listed_on"]), days[f"arxiv:{row['arxiv_id']}"]) for row in read_catalogue() if row["listed_on"]
    )
    assert len(set(told)) == 10
    assert [new for _, new in told] == sorted(new for _, new in told)


@pytest.mark.django_db
@pytest.mark.parametrize("later", [timedelta(hours=1), timedelta(days=7), timedelta(days=400)])
def test_the_days_are_shifted_once(later: timedelta) -> None:
    import_sample()
    before = dump()
    run = run_source("sample", NOW + later)
    assert (run.created, run.updated, run.unchanged, run.signals, run.detail) == (0, 0, 259, 0, "")
    assert dump() == before


@pytest.mark.django_db
def test_a_sample_paper_that_became_real_does_not_shift_the_others() -> None:
    import_sample()
    paper = Paper.objects.filter(listed_on=TODAY).first()
    assert paper
    ingest("huggingface", [make_record(arxiv_id=paper.arxiv_id, title=paper.title, listed_on=date(2026, 8, 21))])
    before = dump()
    import_sample(NOW + timedelta(days=7))
    assert dump() == before


@pytest.mark.django_db
def test_papers_of_every_window_are_trending_after_the_import() -> None:
    import_sample()
    for window in ("day", "week", "month"):
        ranked = rank_papers(at=NOW, window=window)
        assert len(ranked) > 60  # more than an edition holds
        assert ranked[0][1].value > ranked[-1][1].value
    assert {paper.listed_on for paper, _ in rank_papers(at=NOW, window="day")[:2]} == {TODAY}


@pytest.mark.django_db
def test_most_papers_of_the_catalogue_have_topics() -> None:
    import_sample()
    assert Paper.objects.filter(topics=None).count() < 259 / 2
