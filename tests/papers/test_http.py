import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pytest_django import Settings
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from papers.sources import http
from papers.sources.base import SourceError
from papers.sources.http import Answer, Service, Visit, retry_after
from tests.factories import NOW

OVER_AN_HOUR = "3700"


def get(url: str, *, hosts: frozenset[str] = frozenset(), **arguments: Any) -> Answer:
    with Visit(Service("arxiv", url, hosts), NOW) as visit:
        return visit.get(url, **arguments)


def fail(url: str, **arguments: Any) -> SourceError:
    with pytest.raises(SourceError) as caught:
        get(url, **arguments)
    return caught.value


@contextmanager
def raw_server(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that does with each connection what no HTTP library would."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    with connection, suppress(OSError):
                        connection.recv(65536)
                        answer(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def drip(first: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.sendall(first)
        for _ in range(200):
            connection.sendall(b"x")
            time.sleep(0.05)

    return answer


# --- What is asked -----------------------------------------------------------------------------------------------


def test_an_answer_is_read_whole(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/", query_string={"a": "1", "b": "x y"}).respond_with_data(
        "body", headers={"ETag": '"e"'}
    )
    answer = get(httpserver.url_for("/"), params={"a": 1, "b": "x y"})
    assert (answer.status, answer.body, answer.headers["etag"]) == (200, b"body", '"e"')


def test_every_request_says_who_asks_and_where_to_write(httpserver: HTTPServer, settings: Settings) -> None:
    settings.PAPERS_USER_AGENT = "PaperRoute/0.1 (+https://papers.example; mailto:post@papers.example)"
    httpserver.expect_request("/").respond_with_data("")
    get(httpserver.url_for("/"), headers={"Accept": "application/json"})
    (request, _) = httpserver.log[0]
    assert request.headers["User-Agent"] == settings.PAPERS_USER_AGENT
    assert request.headers["Accept"] == "application/json"


def test_a_status_that_is_expected_is_an_answer(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/", headers={"If-None-Match": '"e"'}).respond_with_data(status=304)
    answer = get(httpserver.url_for("/"), headers={"If-None-Match": '"e"'}, expect={200, 304})
    assert (answer.status, answer.body) == (304, b"")


def test_a_visit_asks_more_than_once_over_one_connection(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data("body")
    with Visit(Service("arxiv", httpserver.url_for("/")), NOW) as visit:
        assert [visit.get(httpserver.url_for("/")).body for _ in range(3)] == [b"body"] * 3


# --- Size and form -----------------------------------------------------------------------------------------------


def test_a_packed_answer_is_unpacked(httpserver: HTTPServer) -> None:
    packed = Response(gzip.compress(b"long " * 100_000), headers={"Content-Encoding": "gzip"})
    httpserver.expect_request("/").respond_with_response(packed)
    assert get(httpserver.url_for("/")).body == b"long " * 100_000


@pytest.mark.parametrize("is_packed", [False, True])
def test_an_answer_with_too_many_bytes_is_not_read_to_its_end(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch, is_packed: bool
) -> None:
    monkeypatch.setattr(http, "MAX_BYTES", 1000)
    for size, is_allowed in ((1000, True), (1001, False)):
        body = gzip.compress(bytes(size)) if is_packed else bytes(size)
        headers = {"Content-Encoding": "gzip"} if is_packed else {}
        httpserver.expect_oneshot_request("/").respond_with_response(Response(body, headers=headers))
        if is_allowed:
            assert len(get(httpserver.url_for("/")).body) == size
        else:
            assert str(fail(httpserver.url_for("/"))) == "arxiv answered with more than 1,000 bytes."


@pytest.mark.usefixtures("_one_attempt")
def test_a_small_answer_that_unpacks_to_gigabytes_takes_no_memory(httpserver: HTTPServer) -> None:
    bomb = gzip.compress(bytes(300_000_000), 9)
    httpserver.expect_request("/").respond_with_response(Response(bomb, headers={"Content-Encoding": "gzip"}))
    assert "more than 20,000,000 bytes" in str(fail(httpserver.url_for("/")))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"plain", "arxiv answered with gzip that is broken."),
        (gzip.compress(b"long " * 1000)[:-20], "arxiv answered with gzip that is cut off."),
    ],
)
@pytest.mark.usefixtures("_one_attempt")
def test_gzip_that_cannot_be_unpacked_is_an_error(httpserver: HTTPServer, body: bytes, message: str) -> None:
    httpserver.expect_request("/").respond_with_response(Response(body, headers={"Content-Encoding": "gzip"}))
    assert str(fail(httpserver.url_for("/"))) == message


@pytest.mark.usefixtures("_one_attempt")
def test_a_body_shorter_than_announced_is_cut_off() -> None:
    with raw_server(lambda conn: conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1,")) as url:
        assert str(fail(url)) == "arxiv answered with a body that is cut off."


@pytest.mark.usefixtures("_one_attempt")
def test_what_is_not_http_at_all_is_an_error() -> None:
    with raw_server(lambda conn: conn.sendall(b"SSH-2.0-OpenSSH\r\n\r\n")) as url:
        assert str(fail(url)).startswith("arxiv did not answer: RemoteProtocolError (illegal status line")


# --- Time --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n",
    ],
)
@pytest.mark.usefixtures("_one_attempt")
def test_a_server_that_drips_does_not_hold_us(monkeypatch: pytest.MonkeyPatch, first: bytes) -> None:
    monkeypatch.setattr(http, "ANSWER_TIMEOUT", timedelta(seconds=1))
    began = time.monotonic()
    with raw_server(drip(first)) as url:
        error = fail(url)
        assert time.monotonic() - began < 5
    assert (str(error), error.permanent) == ("arxiv took longer than 1 s to answer.", False)


@pytest.mark.usefixtures("_one_attempt")
def test_a_server_that_says_nothing_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "READ_TIMEOUT", 0.2)
    with raw_server(lambda _conn: time.sleep(1)) as url:
        assert str(fail(url)) == "arxiv did not answer: ReadTimeout (timed out)."


@pytest.mark.usefixtures("_one_attempt")
def test_a_second_answer_over_the_same_connection_has_a_limit_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        connection.recv(65536)
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")(connection)

    monkeypatch.setattr(http, "ANSWER_TIMEOUT", timedelta(seconds=1))
    with raw_server(answer) as url, Visit(Service("arxiv", url), NOW) as visit:
        assert visit.get(url).body == b"ok"
        with pytest.raises(SourceError, match="took longer than 1 s to answer"):
            visit.get(url)


def test_a_visit_ends_when_its_time_is_used_up(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data("")
    visit = Visit(Service("arxiv", httpserver.url_for("/")), NOW, budget=timedelta())
    with visit, pytest.raises(SourceError, match=r"^arxiv took longer than 0 s in all\.$"):
        visit.get(httpserver.url_for("/"))
    assert httpserver.log == []


@pytest.mark.usefixtures("_one_attempt")
def test_a_service_that_is_away_is_an_error_that_may_pass(unused_tcp_url: str) -> None:
    error = fail(unused_tcp_url)
    assert str(error).startswith("arxiv did not answer: ConnectError (")
    assert "refused" in str(error)
    assert not error.permanent


# --- Trying again ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
@pytest.mark.usefixtures("_three_attempts")
def test_what_may_pass_is_tried_again(httpserver: HTTPServer, status: int) -> None:
    httpserver.expect_ordered_request("/").respond_with_data("no", status=status)
    httpserver.expect_ordered_request("/").respond_with_data("no", status=status)
    httpserver.expect_ordered_request("/").respond_with_data("yes")
    assert get(httpserver.url_for("/")).body == b"yes"


@pytest.mark.usefixtures("_three_attempts")
def test_what_does_not_pass_is_given_up_after_three_attempts(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data("no", status=503)
    error = fail(httpserver.url_for("/"))
    assert (str(error), error.permanent, error.resume_at) == ("arxiv answered 503.", False, None)
    assert len(httpserver.log) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
@pytest.mark.usefixtures("_three_attempts")
def test_what_will_not_pass_is_not_tried_again(httpserver: HTTPServer, status: int) -> None:
    httpserver.expect_request("/").respond_with_data("no", status=status, headers={"Retry-After": "1"})
    error = fail(httpserver.url_for("/"))
    assert (str(error), error.permanent) == (f"arxiv answered {status}.", True)
    assert len(httpserver.log) == 1


def test_a_short_wait_is_waited_for(httpserver: HTTPServer) -> None:
    asked: list[float] = []

    def answer(_: Request) -> Response:
        asked.append(time.monotonic())
        return Response("yes") if len(asked) > 1 else Response("no", 429, {"Retry-After": "1"})

    httpserver.expect_request("/").respond_with_handler(answer)
    assert get(httpserver.url_for("/")).body == b"yes"
    assert asked[1] - asked[0] > 0.9


@pytest.mark.parametrize("told", [OVER_AN_HOUR, "Mon, 23 Nov 2026 19:01:40 GMT"])
def test_a_long_wait_is_an_error_that_says_until_when(httpserver: HTTPServer, told: str) -> None:
    httpserver.expect_request("/").respond_with_data("no", status=429, headers={"Retry-After": told})
    error = fail(httpserver.url_for("/"))
    assert len(httpserver.log) == 1
    assert error.resume_at
    assert NOW + timedelta(seconds=3700) <= error.resume_at < NOW + timedelta(seconds=3705)
    assert str(error).startswith("arxiv answered 429, and asks us to wait until 2026-11-23 19:01:4")


def test_nobody_keeps_us_away_for_longer_than_a_day(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data("no", status=503, headers={"Retry-After": "99999999"})
    resume_at = fail(httpserver.url_for("/")).resume_at
    assert resume_at
    assert resume_at < NOW + timedelta(hours=24, seconds=5)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"Retry-After": "17"}, 17),
        ({"Retry-After": " 0 "}, 0),
        ({"Retry-After": "Mon, 23 Nov 2026 18:00:30 GMT"}, 30),
        ({"Retry-After": "Mon, 23 Nov 2026 17:00:00 GMT"}, 0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "9" * 400}, None),
        ({"RateLimit": '"api";r=0;t=90'}, 90),
        ({"RateLimit": '"api";r=0;t=90', "Retry-After": "5"}, 5),
    ],
)
def test_the_time_to_wait_is_read_in_every_form(headers: dict[str, str], expected: int | None) -> None:
    wait = retry_after(httpx.Headers(headers), NOW)
    assert wait == (None if expected is None else timedelta(seconds=expected))


# --- Redirects ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_within_the_service_is_followed(httpserver: HTTPServer, status: int) -> None:
    httpserver.expect_request("/old").respond_with_data(status=status, headers={"Location": "/new?a=1"})
    httpserver.expect_request("/new", headers={"Authorization": "t"}).respond_with_data("here")
    assert get(httpserver.url_for("/old"), headers={"Authorization": "t"}).body == b"here"


@pytest.mark.parametrize(
    ("location", "named"),
    [
        ("https://elsewhere.example/x", "https://elsewhere.example"),
        ("http://good.example/x", "http://good.example"),
        ("https://good.example:8443/x", "https://good.example"),
        ("https://user:secret@good.example/x", "https://good.example"),
        ("https://good.example.evil.example/", "https://good.example.evil.example"),
        ("http://127.0.0.1:1/x", "http://127.0.0.1"),
        ("//169.254.169.254/latest", "http://169.254.169.254"),
        ("file:///etc/passwd", "file://"),
    ],
)
def test_a_redirect_anywhere_else_is_not_followed(httpserver: HTTPServer, location: str, named: str) -> None:
    httpserver.expect_request("/").respond_with_data(status=302, headers={"Location": location})
    error = fail(httpserver.url_for("/"), hosts=frozenset({"good.example"}))
    assert (str(error), error.permanent) == (f"arxiv redirected to {named}, which is not allowed.", True)


@pytest.mark.usefixtures("_one_attempt")
def test_a_redirect_to_an_allowed_host_is_followed_without_the_token(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    ask = Visit._ask

    def record(visit: Visit, address: httpx.URL, headers: dict[str, str]) -> Answer:
        asked.append((str(address), dict(headers)))
        return ask(visit, address, headers) if address.scheme == "http" else Answer(200, httpx.Headers(), b"there")

    monkeypatch.setattr(Visit, "_ask", record)
    httpserver.expect_request("/").respond_with_data(status=301, headers={"Location": "https://good.example/x"})
    headers = {"Authorization": "Bearer t", "Accept": "a"}
    get(httpserver.url_for("/"), hosts=frozenset({"good.example"}), headers=headers)
    assert asked[1] == ("https://good.example/x", {"Accept": "a"})


def test_redirects_in_a_circle_end(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data(status=302, headers={"Location": "/"})
    assert str(fail(httpserver.url_for("/"))) == "arxiv redirected more than 3 times."
    assert len(httpserver.log) == 4


@pytest.mark.parametrize("location", [b"", b"Location: http://[broken\r\n"])
def test_a_redirect_to_nowhere_is_an_error(location: bytes) -> None:
    with raw_server(lambda conn: conn.sendall(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n%b\r\n" % location)) as url:
        assert fail(url).permanent
