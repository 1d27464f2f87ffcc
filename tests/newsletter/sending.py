"""Deliveries that are due, and sending them, as tests need it."""

from datetime import datetime, timedelta

from newsletter.delivery import send_due
from newsletter.models import Delivery
from tests.factories import NOW, make_delivery, make_edition, make_paper, make_reader


def send(at: datetime = NOW) -> dict[str, int]:
    """Send what is due at `at`, for a second; return how many went to which status."""
    return dict(send_due(lambda: at, until=at + timedelta(seconds=1)))


def queue(readers: int = 1) -> list[Delivery]:
    """Deliveries of one closed edition, due now."""
    paper = make_paper()
    edition = make_edition(paper, audience=readers)
    return [make_delivery(edition, make_reader(), paper) for _ in range(readers)]
