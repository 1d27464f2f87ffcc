import pytest
from pytest_django import Settings

from tests.found_by_checks import ids

pytestmark = pytest.mark.django_db


def test_sample_papers_in_production_are_warned_of(settings: Settings) -> None:
    settings.PRODUCTION, settings.PAPERS_SOURCES = True, ["huggingface", "sample"]
    assert "papers.W001" in ids()
    settings.PAPERS_SOURCES = ["huggingface"]
    assert "papers.W001" not in ids()
    settings.PRODUCTION, settings.PAPERS_SOURCES = False, ["sample"]
    assert "papers.W001" not in ids()
