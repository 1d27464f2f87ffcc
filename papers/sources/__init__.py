"""The places papers come from, by the name that PAPERS_SOURCES and `ingest_papers --source` use."""

from collections.abc import Callable

from papers.sources import arxiv, github, huggingface, sample
from papers.sources.base import Source, SourceError

SOURCES: dict[str, Callable[[], Source]] = {
    huggingface.NAME: huggingface.HuggingFace,
    arxiv.NAME: arxiv.Arxiv,
    github.NAME: github.GitHub,
    sample.NAME: sample.Sample,
}


def source_named(name: str) -> Source:
    """Return the source called `name`. Raises SourceError when there is none."""
    if name not in SOURCES:
        raise SourceError(f"There is no source {name}; there are {', '.join(sorted(SOURCES))}.", permanent=True)
    return SOURCES[name]()
