import pytest
from django.test import Client


@pytest.fixture
def browser() -> Client:
    """A visitor who asks as strictly as the world does."""
    return Client(enforce_csrf_checks=True)
