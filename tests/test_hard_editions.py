"""Every hard edition becomes a mail: whole, small enough, and the same each time."""

from html.parser import HTMLParser

import pytest

from tests.every_mail import hard_digest
from tests.hard_editions import NAMES
from tests.hard_papers import PAPERS

# Gmail clips a mail at 102 kB. Links to a site with a longer name need the room that is left.
MOST_BYTES = 90_000
MOST_BYTES_OF_TEN_PAPERS = 45_000

pytestmark = pytest.mark.django_db


class TextOnly(HTMLParser):
    """What a reader of the HTML sees, without the blanks."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.seen = ""
        self.feed(source)

    def handle_data(self, data: str) -> None:
        self.seen += without_blanks(data)


def without_blanks(text: str) -> str:
    """Lines may break anywhere."""
    return "".join(text.split())


@pytest.mark.parametrize("name", NAMES)
def test_a_hard_edition_becomes_the_same_bytes_each_time(name: str) -> None:
    assert hard_digest(name).raw == hard_digest(name).raw


@pytest.mark.parametrize("name", NAMES)
def test_every_title_of_a_hard_edition_arrives_whole_in_html_and_text(name: str) -> None:
    mail = hard_digest(name)
    html, text = TextOnly(mail.html).seen, without_blanks(mail.text)
    titles = [without_blanks(paper.title) for paper in PAPERS[name]]
    assert [title for title in titles if title not in html or title not in text] == []


@pytest.mark.parametrize("name", NAMES)
def test_no_hard_edition_is_long_enough_to_be_clipped(name: str) -> None:
    assert hard_digest(name).html_size < (MOST_BYTES_OF_TEN_PAPERS if len(PAPERS[name]) <= 10 else MOST_BYTES)
