from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from papers.modelling import refresh_text_model
from papers.models import Topic
from subscribers.feedback import say
from subscribers.models import Subscriber
from tests.factories import make_edition, make_paper, make_reader
from tests.newsletter.catalogue import titles
from tests.newsletter.interests import OFFERED, Papers
from tests.staff.people import staff_client


@pytest.fixture
def _the_listing_is_read(settings: Settings) -> None:
    settings.PAPERS_SOURCES = ["huggingface", "arxiv"]


@pytest.fixture
def browser() -> Client:
    """A visitor who asks as strictly as the world does."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def support() -> Client:
    """Who looks after one reader at a time."""
    return staff_client("Support")


@pytest.fixture
def editor() -> Client:
    """Who cares for papers and editions, and sees no reader."""
    return staff_client("Editor")


@pytest.fixture
def papers() -> Papers:
    """The catalogue with its text model, some of it on offer today."""
    at = timezone.now()
    made = {number: make_paper(title=title, summary="", listed_on=at.date()) for number, title in titles().items()}
    refresh_text_model(at)
    make_edition(*[made[number] for number in OFFERED], day=at.date())
    return made


@pytest.fixture
def reader(papers: Papers) -> Subscriber:
    """Somebody who filled in and said all there is."""
    reader = make_reader(
        interests="gripper, Gripper\nzymurgy",
        followed_authors="Ada Lovelace; Alan Turing",
        muted_words="casino",
        ignored_words="camera",
    )
    reader.topics.set(Topic.objects.filter(slug__in=["agents", "robotics"]))
    at = timezone.now()
    for number, kind in [(110, "more"), (112, "saved"), (205, "less")]:
        say(reader, papers[number], kind, at - timedelta(days=number))
    return reader
