"""The page of preferences, as tests fill it in and read it."""

import re
from datetime import date, timedelta

from django.utils import timezone

from subscribers.models import Feedback, Subscriber
from tests.factories import NOW, make_paper

ADDRESS = "ada.lovelace@example.org"
Status = Subscriber.Status
HTMX = {"HX-Request": "true"}


def in_days(days: int) -> date:
    return timezone.now().date() + timedelta(days=days)


def like(reader: Subscriber, *titles: str) -> list[Feedback]:
    papers = [make_paper(title=title) for title in titles]
    return [Feedback.objects.create(subscriber=reader, paper=paper, kind="more", at=NOW) for paper in papers]


def checked(page: str, name: str) -> list[str]:
    """What is ticked of the boxes or buttons called `name`."""
    inputs = re.findall(r"<input[^>]*>", page)
    ticked = [tag for tag in inputs if f'name="{name}"' in tag and " checked" in tag]
    return [value for tag in ticked for value in re.findall(r'value="([^"]*)"', tag)]
