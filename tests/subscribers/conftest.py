import re
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest
import stamina
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from papers.sources.arxiv_search import ArxivPapers
from tests.factories import make_edition, make_paper
from tests.papers.answers import SEARCH


@pytest.fixture
def browser() -> Client:
    """A visitor who asks as strictly as the world does."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def _reads_arxiv(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.PAPERS_SOURCES = ["huggingface", "arxiv"]
    monkeypatch.setattr("papers.sources.arxiv.PAUSE", timedelta())
    with stamina.set_testing(True, attempts=1):
        yield


@pytest.fixture
def arxiv(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> HTTPServer:
    """A server in the place of arXiv's."""
    monkeypatch.setattr("subscribers.wanted.ArxivPapers", partial(ArxivPapers, url=httpserver.url_for("/api/query")))
    return httpserver


@pytest.fixture
def _answers(arxiv: HTTPServer) -> None:
    """It knows the papers of a recorded answer, and those of which that has none do not exist."""
    head, _, rest = SEARCH.partition(b"<entry>")
    entries = re.findall(rb"<entry>.*?</entry>", b"<entry>" + rest, re.DOTALL)

    def answer(request: Request) -> Response:
        asked = request.args["id_list"].split(",")
        found = [entry for entry in entries if any(f"/abs/{arxiv_id}v1<".encode() in entry for arxiv_id in asked)]
        total = re.sub(rb"totalResults>\d+<", f"totalResults>{len(found)}<".encode(), head)
        return Response(b"".join([total, *found, b"</feed>"]), content_type="application/atom+xml")

    arxiv.expect_request("/api/query").respond_with_handler(answer)


@pytest.fixture
def todays_papers() -> list[str]:
    """The titles of today's edition, best first."""
    names = ["Plain Matters", "Knitting Graphs", "Quantum Cats"]
    make_edition(*[make_paper(title=name) for name in names], day=timezone.now().date(), status="draft")
    return names
