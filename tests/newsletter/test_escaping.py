"""Whatever stands in a paper, a note or a reason is read as it was written, and is never anything but words."""

import re
from collections.abc import Sequence
from html.parser import HTMLParser

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mail.headers import one_line
from mail.message import Body
from newsletter.curating import in_one_line
from newsletter.joining import CompiledDigest
from newsletter.models import Delivery, EditionEntry
from newsletter.rendering import compile_fragments, digest_message, public_links, render_digest
from tests.factories import NOW, make_delivery, make_edition, make_paper, make_reader
from tests.mail.parity import every_form_says_the_same

# What means something to a parser, a template, a mail program or TeX.
LOADED = [
    "<b>", "</p>", "</mj-text>", "<mj-raw>", "<!--", "-->", "<![CDATA[", "]]>", "<?xml?>", "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>", "</title>", "</style>", "<", ">", "&", '"', "'", "`", "&amp;", "&lt;b&gt;", "&copy",
    "&#60;", "{{ edition }}", "{% now %}", "{#", "$x<y$", r"\frac{a}{b}", r"\emph{x}", "mark-reason-", "cut-",
    "javascript:alert(1)", "=3D", "=?utf-8?q?x?=", ".", "\n", "\t", "\u00a0", "\u2028", "\u200b", "\u202e", "שלום",
    "مرحبا", "👩‍🔬", "e\u0301", "\U0010fffd",
]  # fmt: skip
# All that XML can hold; nothing else gets past ingestion.
IN_XML = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff") | st.sampled_from("\t\n")
# Short enough to be shown whole wherever it is shown.
WORDS = st.lists(st.sampled_from(LOADED) | st.text(IN_XML, max_size=20), min_size=1, max_size=6).map(
    lambda parts: "".join(parts)[:60]
)
# What stands in the places of a harmless edition, and nowhere else in a digest.
HARMLESS = {"title": "Qtitle", "author": "Qauthor", "summary": "Qsummary.", "note": "Qnote", "reason": "Qreason"}
HARMLESS |= {"category": "Qcategory", "opening": "Qopening.", "header": "Qheader"}
PLACES = st.fixed_dictionaries(dict.fromkeys(HARMLESS, WORDS.filter(lambda words: bool(words.split()))))


class Reading(HTMLParser):
    """What somebody who reads the HTML sees, and every tag, attribute and comment around it."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = ""
        self.markup: list[object] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.markup.append((tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        self.markup.append(tag)

    def handle_comment(self, data: str) -> None:
        self.markup.append(("comment", data))

    def handle_decl(self, decl: str) -> None:
        self.markup.append(("declaration", decl))

    def handle_pi(self, data: str) -> None:
        self.markup.append(("instruction", data))

    def unknown_decl(self, data: str) -> None:
        self.markup.append(("unknown", data))

    def handle_data(self, data: str) -> None:
        self.seen += data


def read(html: str) -> Reading:
    reading = Reading()
    reading.feed(html)
    reading.close()
    return reading


def collapsed(text: str) -> str:
    return " ".join(text.split())


def written(source: str, words: dict[str, str]) -> str:
    """`source`, which was made of HARMLESS, with `words` in their places."""
    places = {harmless: words[place] for place, harmless in HARMLESS.items()}
    return collapsed(re.sub("|".join(map(re.escape, places)), lambda found: places[found.group()], source))


def say(delivery: Delivery, entries: Sequence[EditionEntry], words: dict[str, str]) -> dict[str, str]:
    """Put `words` in their places, in a picked paper and in one that is only named; return what is shown of them."""
    for entry in entries:
        paper = entry.paper
        paper.title, paper.authors, paper.summary = words["title"], [words["author"]], words["summary"]
        paper.primary_category, entry.note = words["category"], words["note"]
    delivery.picks[0]["reason"] = words["reason"]
    edition = delivery.edition
    # So short that it is shown whole beside the subject, and something after it.
    edition.opening_line, edition.header_note = in_one_line(words["opening"][:20]), in_one_line(words["header"])
    edition.fragments = compile_fragments(edition, entries)
    shown = words | {"author": paper.short_authors, "summary": paper.blurb}
    return shown | {"opening": edition.opening_line, "header": edition.header_note}


@pytest.fixture
def digest(db: None) -> tuple[Delivery, list[EditionEntry]]:
    """A digest of one paper that also names another, and the entries of its edition."""
    first, second = make_paper(), make_paper()
    delivery = make_delivery(make_edition(first, second), make_reader(), first, also=[second.pk])
    return delivery, list(delivery.edition.entries.going_out())


def digest_of(delivery: Delivery) -> Body:
    """The own copy as any provider gets it."""
    assert delivery.subscriber
    compiled = CompiledDigest(delivery.edition.fragments, is_own=True)
    message = digest_message(delivery, delivery.subscriber, compiled, NOW)
    every_form_says_the_same(message)
    ((html, _),) = message.alternatives
    return Body(str(message.subject), str(message.body), str(html))


def test_any_words_are_read_as_they_were_written(digest: tuple[Delivery, list[EditionEntry]]) -> None:
    delivery, entries = digest
    say(delivery, entries, HARMLESS)
    plain = digest_of(delivery)
    public = render_digest(delivery.edition.fragments, delivery, public_links())
    plain_html, public_html = read(plain.html), read(public.html)

    @given(words=PLACES)
    def are(words: dict[str, str]) -> None:
        shown = say(delivery, entries, words)
        assume(all(collapsed(text) for text in shown.values()))
        hard = digest_of(delivery)
        hard_html = read(hard.html)
        assert collapsed(hard_html.seen) == written(plain_html.seen, shown)
        assert collapsed(hard.text) == written(plain.text, shown)
        assert hard.subject == one_line(words["title"])
        assert hard_html.markup == plain_html.markup
        web_copy = read(render_digest(delivery.edition.fragments, delivery, public_links()).html)
        assert collapsed(web_copy.seen) == written(public_html.seen, shown)
        assert web_copy.markup == public_html.markup

    are()
