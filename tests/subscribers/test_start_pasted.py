"""A pasted list of papers on the page where somebody chooses before signing up."""

import re

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from papers.modelling import refresh_text_model
from subscribers.models import SignUp
from tests.factories import make_arxiv_paper, make_paper
from tests.subscribers.starting import (
    HTMX,
    digest_in,
    make_todays_edition,
    show,
)

pytestmark = pytest.mark.django_db


PASTED = """https://arxiv.org/abs/2305.03048v2
arXiv:2402.17764, cs/0112017
Attention is all you need
10.48550/arXiv.2401.00001"""


def said_of_pasted(page: str) -> str:
    told: list[str] = re.findall(r'<p (?:class="told" )?id="pasted-said"[^>]*>([^<]*)</p>', page)
    assert len(told) == 1
    return told[0]


@pytest.fixture
def _reads_arxiv(settings: Settings) -> None:
    settings.PAPERS_SOURCES = ["huggingface", "arxiv"]


@pytest.mark.usefixtures("_reads_arxiv")
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_what_becomes_of_every_line_is_said(headers: dict[str, str], browser: Client) -> None:
    make_arxiv_paper("2305.03048")
    make_arxiv_paper("2402.17764")
    make_arxiv_paper("2401.00001", is_hidden=True)
    page = browser.post("/subscribe/preview", {"arxiv_ids": PASTED}, headers=headers).content.decode()
    assert said_of_pasted(page) == (
        "4 papers recognised; 2 of them are new to us and will be looked up after you subscribe; "
        "1 line had no arXiv id."
    )
    assert not SignUp.objects.exists()


@pytest.mark.usefixtures("_reads_arxiv")
@pytest.mark.parametrize(
    ("pasted", "sentence"),
    [
        ("", ""),
        ("nothing\nat all", "2 lines had no arXiv id."),
        ("2305.03048", "1 paper recognised."),
        ("2402.17764", "1 paper recognised; it is new to us and will be looked up after you subscribe."),
        ("2402.17764 2402.17765", "2 papers recognised; all are new to us and will be looked up after you subscribe."),
        (
            "2305.03048 2402.17764",
            "2 papers recognised; 1 of them is new to us and will be looked up after you subscribe.",
        ),
    ],
)
def test_one_and_all_and_none_are_told_apart(pasted: str, sentence: str, browser: Client) -> None:
    make_arxiv_paper("2305.03048")
    assert said_of_pasted(show(browser, arxiv_ids=pasted)) == sentence


def test_where_nothing_is_read_from_arxiv_nothing_is_promised(browser: Client) -> None:
    make_arxiv_paper("2305.03048")
    page = show(browser, arxiv_ids="2305.03048 2402.17764")
    assert said_of_pasted(page) == "2 papers recognised; 1 of them is new to us and left out."


def test_a_pasted_paper_counts_in_the_digest_like_a_ticked_one(browser: Client) -> None:
    make_todays_edition("Plain matters", "Knitting graphs by hand")
    liked = make_arxiv_paper("2305.03048", title="Graphs and knitting")
    for number in range(6):
        make_paper(title=f"Other matters {number}")
    refresh_text_model(timezone.now())
    ticked_page, pasted_page = show(browser, papers=[liked.pk]), show(browser, arxiv_ids="see arXiv:2305.03048v3!")
    assert digest_in(pasted_page) == digest_in(ticked_page)
    assert "because you liked" in pasted_page
    assert "because you liked" not in show(browser)
    assert ">\nsee arXiv:2305.03048v3!</textarea>" in pasted_page
