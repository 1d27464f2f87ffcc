import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client

from papers.models import Paper, Signal
from papers.scoring import score_papers
from tests.factories import NOW, TODAY, make_paper
from tests.papers.pages import headlines, read

pytestmark = pytest.mark.django_db


def test_the_page_of_a_paper_tells_what_is_known(client: Client) -> None:
    paper = make_paper(
        title="A Paper",
        authors=["Ada Lovelace", "Alan Turing", "Grace Hopper", "Barbara Liskov"],
        summary="What was found.",
        abstract="How it was found.",
        upvotes=7,
        arxiv_id="2611.12345",
        github_url="https://github.com/a/b",
        project_url="https://example.org/p",
    )
    score_papers(NOW)
    page = read(client, paper.get_absolute_url())
    for told in ("A Paper", "Barbara Liskov", "What was found.", "How it was found.", "+7 upvotes"):
        assert told in page
    for link in ("https://arxiv.org/abs/2611.12345", "https://github.com/a/b", "https://example.org/p"):
        assert f'href="{link}"' in page


def test_the_page_of_a_paper_of_which_only_the_title_is_known(client: Client) -> None:
    paper = make_paper(title="Nothing Else", authors=[], summary="", arxiv_id=None, listed_on=None, upvotes=None)
    page = read(client, paper.get_absolute_url())
    assert "Nothing Else" in page
    assert "None" not in page
    assert "arxiv.org/abs" not in page


def test_the_page_of_a_paper_shows_its_last_counts(client: Client) -> None:
    paper = make_paper(counts={"upvotes": 98_765, "stars": 4_321, "comments": 0})
    page = read(client, paper.get_absolute_url())
    assert re.search(r"<dt>Upvotes</dt><dd>98,765<", page)
    assert re.search(r"<dt>GitHub stars</dt><dd>4,321<", page)
    assert re.search(r"<dt>Comments</dt><dd>0<", page)
    assert "Citations" not in page


def grow(paper: Paper, kind: str, *values: int, source: str = "huggingface") -> None:
    for hours, value in enumerate(values):
        at = NOW + timedelta(hours=hours)
        Signal.objects.create(paper=paper, source=source, kind=kind, value=value, observed_at=at)


def test_the_page_of_a_paper_draws_how_its_attention_grew(client: Client) -> None:
    paper = make_paper(upvotes=None)
    grow(paper, "upvotes", 3, 40, 1_234)
    page = read(client, paper.get_absolute_url())
    assert page.count('<svg viewBox="0 0 320') == 1
    assert "From 3 on 23 November 2026 to 1,234 on 23 November 2026." in page
    assert "+1,231 since 23 Nov" in page
    assert re.search(r"<caption>Upvotes</caption>.*<td>1,234</td>", page, re.DOTALL)


def test_what_was_read_once_has_no_chart(client: Client) -> None:
    paper = make_paper(upvotes=None, counts={"stars": 7_000})
    grow(paper, "stars", 7_000, source="github")
    page = read(client, paper.get_absolute_url())
    assert "Attention over time" not in page
    assert page.count("7,000") == 1


def test_counts_of_two_sources_are_never_mixed_in_one_line(client: Client) -> None:
    paper = make_paper(upvotes=None)
    grow(paper, "stars", 5, 6, 7, source="github")
    grow(paper, "stars", 900, source="huggingface")
    page = read(client, paper.get_absolute_url())
    assert "From 5 on" in page
    assert "900" not in page


def test_the_page_of_a_paper_nobody_noticed_has_no_chart(client: Client) -> None:
    assert "Attention over time" not in read(client, make_paper(upvotes=None).get_absolute_url())


def test_the_page_of_a_paper_leads_to_related_ones(client: Client) -> None:
    paper = make_paper(title="Sparse Transformers for Protein Folding")
    make_paper(title="Protein Folding with Sparse Transformers, Again")
    make_paper(title="Cooking")
    assert headlines(read(client, paper.get_absolute_url())) == ["Protein Folding with Sparse Transformers, Again"]


def test_a_paper_on_arxiv_leads_to_its_pdf_and_its_discussion(client: Client) -> None:
    page = read(client, make_paper(arxiv_id="2611.12345", doi="10.1/a<b>").get_absolute_url())
    for link in (
        "https://arxiv.org/pdf/2611.12345",
        "https://huggingface.co/papers/2611.12345",
        "https://doi.org/10.1/a%3Cb%3E",
    ):
        assert f'href="{link}"' in page


def test_a_reference_to_a_paper_is_on_its_page_and_a_file(client: Client) -> None:
    paper = make_paper(title="R&D <b>", arxiv_id="2611.12345", primary_category="cs.CL")
    response = client.get(f"/papers/{paper.pk}/bibtex")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["Content-Disposition"] == 'inline; filename="lovelace2026r.bib"'
    text = response.content.decode()
    assert text.startswith("@misc{lovelace2026r,")
    assert "primaryClass  = {cs.CL}" in text
    assert text in unescape(read(client, paper.get_absolute_url()))


def test_what_a_paper_gained_long_ago_is_not_called_lately(client: Client) -> None:
    paper, other = make_paper(listed_on=TODAY - timedelta(days=300)), make_paper()
    score_papers(NOW - timedelta(days=300))
    score_papers(NOW)
    assert "Attention lately" not in client.get(paper.get_absolute_url()).content.decode()
    assert "Attention lately" in client.get(other.get_absolute_url()).content.decode()
