"""Local servers in place of email providers, each with the provider's own way of being asked and of saying yes."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pytest_django import Settings
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.mail.letters import READER


@dataclass(frozen=True)
class Provider:
    """A provider: what Anymail calls it, which settings it needs, and its answer to a message it takes."""

    name: str
    settings: dict[str, str]
    answer: Any = ""
    headers: dict[str, str] = field(default_factory=dict)


PROVIDERS = [
    Provider("postmark", {"SERVER_TOKEN": "token"}, {"ErrorCode": 0, "Message": "OK", "MessageID": "1", "To": READER}),
    Provider("mailgun", {"API_KEY": "key", "SENDER_DOMAIN": "papers.example"}, {"id": "<1@x>", "message": "Queued."}),
    Provider("sendgrid", {"API_KEY": "key"}),
    Provider("brevo", {"API_KEY": "key"}, {"messageId": "<1@x>"}),
    Provider("resend", {"API_KEY": "key"}, {"id": "1"}),
    Provider(
        "mailjet",
        {"API_KEY": "key", "SECRET_KEY": "secret"},
        {"Messages": [{"Status": "success", "To": [{"Email": READER, "MessageID": 1}]}]},
    ),
    Provider(
        "sparkpost",
        {"API_KEY": "key"},
        {"results": {"total_accepted_recipients": 1, "total_rejected_recipients": 0, "id": "1"}},
    ),
    Provider("mailersend", {"API_TOKEN": "token"}, headers={"X-Message-Id": "1"}),
    Provider("mailtrap", {"API_TOKEN": "token"}, {"success": True, "message_ids": ["1"]}),
    Provider(
        "scaleway",
        {"SECRET_KEY": "key", "PROJECT_ID": "1"},
        {"emails": [{"mail_rcpt": READER, "id": "1", "status": "new"}]},
    ),
    Provider("mandrill", {"API_KEY": "key"}, [{"email": READER, "status": "queued", "_id": "1"}]),
    Provider(
        "postal",
        {"API_KEY": "key"},
        {"status": "success", "data": {"message_id": "1", "messages": {READER: {"id": 1, "token": "t"}}}},
    ),
    Provider("unisender_go", {"API_KEY": "key"}, {"status": "success", "job_id": "1", "emails": [READER]}),
]


def serve(provider: Provider, settings: Settings, server: HTTPServer) -> None:
    """Have `server` take messages in place of `provider`, and set it as where mail goes to."""
    settings.EMAIL_BACKEND = f"anymail.backends.{provider.name}.EmailBackend"
    settings.MAIL_PROVIDER = provider.name
    settings.ANYMAIL = {
        f"{provider.name.upper()}_{name}": value
        for name, value in (provider.settings | {"API_URL": server.url_for("/")}).items()
    }

    def take(_: Request) -> Response:
        body = json.dumps(provider.answer) if provider.answer else ""
        return Response(body, headers=provider.headers, content_type="application/json" if body else "text/plain")

    server.expect_request("", method="POST").respond_with_handler(take)
    server.no_handler_status_code = 500


def words_in(request: Request) -> Iterator[tuple[str, str]]:
    """Yield everything a provider was told, under its name; names too come from outside."""
    is_form = request.mimetype in {"multipart/form-data", "application/x-www-form-urlencoded"}
    # Not all of them say that it is JSON.
    yield from _words("", request.form.to_dict(flat=False) if is_form else request.get_json(force=True))


def _words(name: str, told: Any) -> Iterator[tuple[str, str]]:
    if isinstance(told, dict):
        for key, value in told.items():
            yield name, key
            yield from _words(key, value)
    elif isinstance(told, list):
        for value in told:
            yield from _words(name, value)
    else:
        yield name, str(told)
