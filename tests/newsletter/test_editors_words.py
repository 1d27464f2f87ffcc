"""What editors say of an edition, wherever the edition is told of."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from newsletter.models import Edition
from newsletter.rendering import compile_fragments, public_links, render_digest
from subscribers.links import preferences_url
from tests.factories import make_delivery, make_edition, make_paper, make_reader
from tests.mail.parity import every_form_says_the_same
from tests.newsletter.desk import make_draft
from tests.newsletter.test_rendering import mail_of, visible

pytestmark = pytest.mark.django_db

OPENING = "A quiet Monday & <three> papers."
NOTE = "We meet on Thursday.\nBring doubts.\n\nMore at https://example.org/?a=1&b=2."
WORDS: dict[str, Any] = {"opening_line": OPENING, "header_note": NOTE}
LINK = '<a href="https://example.org/?a=1&amp;b=2">https://example.org/?a=1&amp;b=2</a>.'


def test_the_editors_line_opens_every_digest_in_place_of_the_one_made_for_each_reader() -> None:
    paper = make_paper(title="Alpha")
    message = mail_of(make_delivery(make_edition(paper, **WORDS), make_reader(), paper), make_reader())
    every_form_says_the_same(message)
    ((html, _),) = message.alternatives
    for part in (visible(str(html)), str(message.body)):
        assert OPENING in part
        assert "One paper for you" not in part


def test_the_line_goes_with_the_subject_where_titles_are_short() -> None:
    paper = make_paper(title="Alpha")
    edition = make_edition(paper, **WORDS)
    html = render_digest(edition.fragments, make_delivery(edition, None, paper), public_links()).html
    assert visible(html.partition("<h1")[0]).endswith(f"{OPENING} The mail says why.")


def test_the_note_stands_above_the_papers_with_its_paragraphs_and_links() -> None:
    paper = make_paper(title="Alpha Beta")
    edition = make_edition(paper, **WORDS)
    body = render_digest(edition.fragments, make_delivery(edition, None, paper), public_links())
    assert LINK in body.html
    assert "We meet on Thursday.<br />Bring doubts.</p>" in body.html
    assert body.html.index("Bring doubts") < body.html.rindex("Alpha Beta")
    assert f"{OPENING}\n\n{NOTE}\n\n" in body.text
    assert body.text.index("Bring doubts") < body.text.index("Alpha Beta")


def test_without_words_nothing_stands_there() -> None:
    paper = make_paper()
    edition = make_edition(paper)
    body = render_digest(edition.fragments, make_delivery(edition, None, paper), public_links())
    assert "One paper for you" in body.text
    assert ".\n\nGet a digest of your own" in body.text


def test_an_edition_that_was_compiled_before_there_were_such_words_still_goes_out() -> None:
    paper = make_paper()
    edition = make_edition(paper)
    del edition.fragments["opening"]
    body = render_digest(edition.fragments, make_delivery(edition, None, paper), public_links())
    assert "One paper for you" in body.text


def test_words_are_frozen_with_the_edition() -> None:
    paper = make_paper()
    edition = make_edition(paper, **WORDS)
    Edition.objects.update(opening_line="Later")
    body = render_digest(Edition.objects.get().fragments, make_delivery(edition, None, paper), public_links())
    assert OPENING in body.text
    assert "Later" not in body.text


def test_the_page_the_feed_and_the_answer_for_programs_tell_the_words(client: Client) -> None:
    edition = make_edition(make_paper(), **WORDS)
    page = client.get(f"/editions/{edition.period}/").content.decode()
    assert "A quiet Monday &amp; &lt;three&gt; papers." in page
    assert LINK in page
    told = client.get(f"/api/v1/editions/{edition.period}").json()
    assert (told["opening_line"], told["header_note"]) == (OPENING, NOTE)
    assert b"We meet on Thursday." in client.get("/feeds/editions.atom").content


def test_a_live_preview_has_the_words_of_the_draft(client: Client) -> None:
    paper = make_paper(listed_on=timezone.now().date())
    make_draft(paper, day=timezone.now().date(), **WORDS)
    page = client.get(preferences_url(make_reader(), timezone.now())).content.decode()
    assert "A quiet Monday &amp; &lt;three&gt; papers." in page
    assert LINK in page


def test_compiling_twice_says_the_same() -> None:
    edition = make_edition(make_paper(), **WORDS)
    again = compile_fragments(edition, list(edition.entries.going_out()))
    assert again["opening"] == edition.fragments["opening"] == OPENING
