"""Every form, described as OpenAPI describes one, with everything thrown at it that the description allows, or not."""

from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.utils import timezone

from papers.models import Topic
from subscribers import abuse
from subscribers.models import AddressChange, Feedback
from subscribers.tokens import Purpose, make_token
from tests.factories import make_delivery, make_edition, make_paper, make_reader
from tests.snapshots import rows

pytestmark = pytest.mark.django_db

TEXT = {"type": "string"}
MANY = {"type": "array", "items": {"type": "string"}}
SIGN_UP = {
    "email": TEXT,
    "stamp": TEXT,
    "website": TEXT,
    "page": TEXT,
    "time_zone": TEXT,
    "solution": TEXT,
    "topics": MANY,
    "papers": MANY,
    "arxiv_ids": TEXT,
    "interests": TEXT,
}
PREFERENCES = {
    "topics": MANY,
    "interests": TEXT,
    "followed_authors": TEXT,
    "muted_words": TEXT,
    "remove": MANY,
    "arxiv_ids": TEXT,
    "cadence": TEXT,
    "weekday": TEXT,
    "paused_until": TEXT,
    "pause": TEXT,
    "size": TEXT,
    "hour": TEXT,
    "time_zone": TEXT,
    "hears_of_quiet_days": TEXT,
}
INTERESTS = {
    "ignore": TEXT,
    "use_again": TEXT,
    "interest": TEXT,
    "author": TEXT,
    "topic": TEXT,
    "forget": TEXT,
    "forget_less": TEXT,
    "meant": TEXT,
}
PAPER = 77
# What each form may be sent; those that open by a link with the purpose of their token.
FORMS: dict[str, tuple[Purpose | None, dict[str, Any]]] = {
    "/subscribe/": (None, SIGN_UP),
    "/subscribe/preview": (None, SIGN_UP),
    "/confirm/{token}": (Purpose.CONFIRM, {"new_link": TEXT}),
    "/preferences/{token}": (Purpose.PREFERENCES, PREFERENCES | {"new_link": TEXT}),
    "/preferences/{token}/preview": (Purpose.PREFERENCES, PREFERENCES),
    "/preferences/{token}/address": (Purpose.PREFERENCES, {"address": TEXT, "email": TEXT, "cancel": TEXT}),
    "/new-address/{token}": (Purpose.NEW_ADDRESS, {}),
    "/u/{token}": (Purpose.UNSUBSCRIBE, {"List-Unsubscribe": TEXT, "reason": TEXT, "instead": TEXT}),
    "/privacy/{token}/erase": (Purpose.PREFERENCES, {"sure": TEXT, "erase": TEXT}),
    "/saved/{token}": (Purpose.PREFERENCES, {"remove": TEXT, "keep": TEXT}),
    "/interests/{token}": (Purpose.PREFERENCES, INTERESTS),
    "/interests/{token}/reset": (Purpose.PREFERENCES, {}),
    **{f"/say/{{token}}/{PAPER}/{kind}": (Purpose.FEEDBACK, {"undo": TEXT}) for kind in Feedback.Kind},
}


def tokens() -> dict[Purpose, list[str]]:
    """Links of readers in each state, made just now and long ago, and one that is nobody's."""
    at = timezone.now()
    readers = [make_reader(status=status) for status in ("pending", "active", "unsubscribed")]
    change = AddressChange.objects.create(subscriber=readers[1], address="other@example.org", asked_at=at)
    paper = make_paper(pk=PAPER)
    edition = make_edition(paper, kind="weekly", period="2026-W47")
    subjects = {
        Purpose.FEEDBACK: [f"{make_delivery(edition, reader, paper).pk.hex}-0" for reader in readers],
        Purpose.CONFIRM: [f"{reader.pk}-{reader.optin_nonce}" for reader in readers],
        Purpose.NEW_ADDRESS: [f"{readers[1].pk}-{change.nonce}"],
    }
    named = [str(reader.pk) for reader in readers] + ["404"]
    times = [at, at.replace(year=at.year - 1)]
    return {
        purpose: [make_token(purpose, subject, time) for subject in subjects.get(purpose, named) for time in times]
        for purpose in Purpose
    }


def description() -> dict[str, Any]:
    known = tokens()
    paths: dict[str, Any] = {}
    for path, (purpose, fields) in FORMS.items():
        body = {"schema": {"type": "object", "properties": fields}}
        operation = {
            "requestBody": {"content": {"application/x-www-form-urlencoded": body, "multipart/form-data": body}},
            "responses": {"default": {"description": "A page"}},
        }
        token = {"type": "string", "enum": known[purpose]} if purpose else {}
        parameters = [{"name": "token", "in": "path", "required": True, "schema": token}] if purpose else []
        paths[path] = {"post": operation | {"parameters": parameters}}
    return {"openapi": "3.1.0", "info": {"title": "Forms", "version": "1"}, "paths": paths}


@pytest.fixture
def forms(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(abuse, "COST", 1)
    make_edition(*[make_paper() for _ in range(3)], day=timezone.now().date())
    assert Topic.objects.exists()
    # These close the connection that the test's transaction lives in.
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    document = schemathesis.openapi.from_dict(description())
    document.app = WSGIHandler()
    document.config.update(base_url="http://localhost/")
    yield document
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode))
def test_no_form_breaks_and_what_it_refuses_changes_nothing(forms: Any, mode: schemathesis.GenerationMode) -> None:
    answered = set()
    for found in forms.get_all_operations():
        operation = found.ok()

        @hypothesis.settings(max_examples=8, deadline=None, suppress_health_check=list(hypothesis.HealthCheck))
        @hypothesis.given(operation.as_strategy(generation_mode=mode))
        def post(case: Any) -> None:
            before = rows()
            response = case.call()
            case.validate_response(response, checks=[schemathesis.checks.not_a_server_error])
            if response.status_code >= 400:
                assert rows() == before
            answered.add((case.operation.path, response.status_code))

        post()
    assert {status for _, status in answered} >= {200, 400, 404}
