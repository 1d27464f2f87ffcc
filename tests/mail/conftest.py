import pytest
from pytest_django import Settings
from pytest_httpserver import HTTPServer


@pytest.fixture
def esp(settings: Settings, httpserver: HTTPServer) -> HTTPServer:
    """A local server in place of an email provider (Postmark's interface), set as where mail goes to."""
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "token", "POSTMARK_API_URL": httpserver.url_for("/")}
    return httpserver


@pytest.fixture
def accepting_esp(esp: HTTPServer) -> HTTPServer:
    answer = {"ErrorCode": 0, "Message": "OK", "MessageID": "provider-1", "To": "reader@example.org"}
    esp.expect_request("/email", method="POST").respond_with_json(answer)
    return esp
