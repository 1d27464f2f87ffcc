"""Records taken in, and what that makes of the database."""

from dataclasses import replace

from django.db.models import Model

from papers.batch import IngestReport
from papers.ingest import ingest
from papers.models import Paper, Signal, Topic
from papers.sources.base import PaperRecord, Row
from tests.factories import make_record


def ingest_records(*rows: Row, source: str = "huggingface") -> IngestReport:
    return ingest(source, rows)


def make_records(count: int) -> list[PaperRecord]:
    return [make_record(arxiv_id=f"2611.{number:05}", title=f"Paper {number}") for number in range(count)]


def dump(*models: type[Model]) -> list[list[dict[str, object]]]:
    return [list(model._default_manager.order_by("pk").values()) for model in models]


def dump_all() -> list[list[dict[str, object]]]:
    return dump(Paper, Signal, Topic, Paper.topics.through)


def sample_of(record: PaperRecord) -> PaperRecord:
    return replace(record, is_sample=True)
