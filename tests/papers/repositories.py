"""Papers with repositories, and GitHub as it answers for them."""

from datetime import datetime, timedelta

from pytest_httpserver import HTTPServer

from papers.models import Paper
from papers.sources.base import Attention, RowError
from papers.sources.github import GitHub
from tests.factories import NOW, make_paper

HOUR = NOW
RESET = NOW + timedelta(minutes=42)
USED_UP = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(RESET.timestamp()))}


def fetch(httpserver: HTTPServer, *, at: datetime = NOW) -> list[Attention | RowError]:
    return list(GitHub(httpserver.url_for("")).fetch(at))


def serve(httpserver: HTTPServer, name: str, stars: object = 7, **headers: str) -> None:
    httpserver.expect_request(f"/repos/{name}").respond_with_json({"stargazers_count": stars}, headers=headers)


def asked(httpserver: HTTPServer) -> list[str]:
    return [request.path for request, _ in httpserver.log]


def paper_with(name: str = "a/b", **fields: object) -> Paper:
    return make_paper(**({"github_url": f"https://github.com/{name}"} | fields))  # type: ignore[arg-type]
