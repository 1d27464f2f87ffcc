"""The places papers come from, by the name that PAPERS_SOURCES and `ingest_papers --source` use."""

from collections.abc import Callable

from papers.sources import huggingface, sample
from papers.sources.base import Source

SOURCES: dict[str, Callable[[], Source]] = {
    huggingface.NAME: huggingface.HuggingFace,
    sample.NAME: sample.Sample,
}
