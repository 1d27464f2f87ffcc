from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.header_note import linked, links_in, paragraphs_of


def test_empty_lines_part_paragraphs_and_other_lines_stay() -> None:
    assert paragraphs_of("One\nand a half.\n\n\nTwo.\n") == ["One\nand a half.", "Two."]
    assert paragraphs_of("") == []


@pytest.mark.parametrize(
    ("written", "url", "after"),
    [
        ("See https://example.org/a.", "https://example.org/a", "."),
        ("(https://example.org/a)", "https://example.org/a", ")"),
        ("https://example.org/a_(b)!", "https://example.org/a_(b)", "!"),
        ("[https://example.org/a/]", "https://example.org/a/", "]"),
        ("https://example.org/?q[]=1]", "https://example.org/?q[]=1", "]"),
        ("“https://example.org/a”", "https://example.org/a", "”"),
        ("https://example.org/?a=b&c=d now", "https://example.org/?a=b&amp;c=d", " now"),
    ],
)
def test_addresses_of_pages_become_links_without_what_follows(written: str, url: str, after: str) -> None:
    assert linked(written).endswith(f'<a href="{url}">{url}</a>{after}')
    assert links_in(written) == [unescape(url)]


@pytest.mark.parametrize("written", ["javascript:alert(1)", "mailto:ada@example.org", "ada@example.org", "example.org"])
def test_nothing_else_becomes_one(written: str) -> None:
    assert linked(written) == written
    assert links_in(written) == []


def test_lines_are_kept() -> None:
    assert linked("One\nTwo") == "One<br />Two"


@given(st.text(st.sampled_from("<>&\"'()[]:/ hts.p\nx"), max_size=60))
def test_whatever_is_written_is_read_so(written: str) -> None:
    html = str(linked(written))
    for tag in ("<br />", "</a>"):
        html = html.replace(tag, "\n" if tag == "<br />" else "")
    seen = "".join(part.partition('">')[2] if number else part for number, part in enumerate(html.split('<a href="')))
    assert unescape(seen) == written
    assert "<" not in seen
