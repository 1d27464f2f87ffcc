import pytest
from pytest_httpserver import HTTPServer


@pytest.fixture
def accepting_esp(esp: HTTPServer) -> HTTPServer:
    answer = {"ErrorCode": 0, "Message": "OK", "MessageID": "provider-1", "To": "reader@example.org"}
    esp.expect_request("/email", method="POST").respond_with_json(answer)
    return esp
