"""Readers who wish for papers that we do not know."""

from datetime import datetime, timedelta

from pytest_httpserver import HTTPServer

from subscribers.models import Subscriber, WantedPaper
from subscribers.preferences import like_by_arxiv_id
from tests.factories import NOW, make_reader

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# Two papers that were submitted in September.
KNOWN, ALSO_KNOWN = "2609.28471", "2609.28449"
OF_NO_PAPER = "2609.99999"
Status = Subscriber.Status


def asked_of(arxiv: HTTPServer) -> list[list[str]]:
    """The ids in each question that was asked."""
    return [request.args["id_list"].split(",") for request, _ in arxiv.log]


def wish(*arxiv_ids: str, at: datetime = NOW, status: str = Status.ACTIVE) -> Subscriber:
    reader = make_reader(status=status)
    like_by_arxiv_id(reader, arxiv_ids, at)
    return reader


def liked(reader: Subscriber) -> list[tuple[str | None, datetime]]:
    said = reader.feedback.counting().filter(kind="more").order_by("paper__arxiv_id")
    return list(said.values_list("paper__arxiv_id", "at"))


def wanted() -> list[str]:
    return list(WantedPaper.objects.order_by("arxiv_id").values_list("arxiv_id", flat=True))
