import pytest

from papers.sources.answers import check_xml, read_json
from papers.sources.base import SourceError


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<!DOCTYPE html><html>", "github answered with HTML instead of JSON."),
        (b"\xef\xbb\xbf\n <HTML lang=en>", "github answered with HTML instead of JSON."),
        (b'{"a": [1, 2', "github answered with JSON that is cut off."),
        (b'{"a": "hal', "github answered with JSON that is cut off."),
        (b"", "github answered with nothing."),
        (b" \n", "github answered with nothing."),
        (b'{"a" 1}', "github answered with something that is not JSON (Expecting ':' delimiter"),
        (b"[" * 100_000, "github answered with something that is not JSON (maximum recursion depth exceeded"),
        (b"\xff\xfe\xfa", "github answered with something that is not JSON (Expecting value"),
    ],
)
def test_a_body_that_is_no_json_is_named(body: bytes, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        read_json(body, "github")
    assert str(caught.value).startswith(message)
    assert not caught.value.permanent


def test_json_is_read() -> None:
    assert read_json(b' {"a": 1}', "github") == {"a": 1}


def test_what_is_wrong_inside_json_is_left_to_whoever_reads_the_row() -> None:
    body = b"\xef\xbb\xbf" + b'["caf\xe9", ' + b"9" * 5000 + b", -1]"
    assert read_json(body, "github") == ["caf\udce9", float("inf"), -1]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<!doctype html>", "arxiv answered with HTML instead of XML."),
        (b" <html>", "arxiv answered with HTML instead of XML."),
        (b"", "arxiv answered with nothing."),
        (b" \n", "arxiv answered with nothing."),
        (b"<rss><channel><item>", "arxiv answered with XML that is cut off."),
        (b"<rss><channel></channel></rs", "arxiv answered with XML that is cut off."),
        (b'{"error": 1}', "arxiv answered with something that is no <rss>."),
        (b"<feed></feed>", "arxiv answered with something that is no <rss>."),
        (
            b'<!DOCTYPE x [<!ENTITY a "aa">]><rss>&a;</rss>',
            "arxiv answered with XML that has a document type of its own.",
        ),
        (
            b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><rss></rss>',
            "arxiv answered with XML that has a document type of its own.",
        ),
    ],
)
def test_a_body_that_is_no_feed_is_named(body: bytes, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        check_xml(body, "arxiv", "rss")
    assert str(caught.value) == message


def test_a_whole_feed_passes() -> None:
    check_xml(b"<?xml version='1.0'?>\n<rss version='2.0'></rss>\n", "arxiv", "rss")
