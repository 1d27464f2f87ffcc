"""Papers are added to a draft: found by words, by id or DOI in any form, or read from arXiv."""

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import stamina
from django.contrib.admin.models import LogEntry
from django.test import Client
from pytest_httpserver import HTTPServer

from newsletter.admin.desk.adding import RESULTS
from newsletter.models import Edition
from papers.models import Paper, SourceRun
from papers.sources.arxiv_search import ArxivPapers
from tests.factories import NOW, make_arxiv_paper, make_paper
from tests.newsletter.desk import EDITIONS, HTMX, desk, draft_of, said, titles
from tests.staff.people import staff_client

pytestmark = pytest.mark.django_db

UNKNOWN = "2609.28471"
ANSWER = f"""<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom"
 xmlns="http://www.w3.org/2005/Atom"><id>https://arxiv.org/api/x</id><title>arXiv Query</title>
<updated>2026-11-23T00:00:00Z</updated><opensearch:itemsPerPage>1</opensearch:itemsPerPage>
<opensearch:totalResults>1</opensearch:totalResults><opensearch:startIndex>0</opensearch:startIndex>
<entry><id>http://arxiv.org/abs/{UNKNOWN}v1</id><title>A Paper from Afar</title>
<updated>2026-09-23T10:00:00Z</updated><published>2026-09-23T10:00:00Z</published><summary>What it says.</summary>
<link href="https://arxiv.org/abs/{UNKNOWN}v1" rel="alternate" type="text/html"/>
<category term="cs.CL" scheme="http://arxiv.org/schemas/atom"/><arxiv:primary_category term="cs.CL"/>
<author><name>Ada Lovelace</name></author></entry></feed>"""
NOTHING = re.sub(r"<entry>.*</entry>", "", ANSWER, flags=re.DOTALL).replace("Results>1<", "Results>0<")


@pytest.fixture
def draft() -> Edition:
    return draft_of("First", "Second")


@pytest.fixture
def arxiv(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPServer]:
    """A server in the place of arXiv's."""
    monkeypatch.setattr("papers.sources.arxiv.PAUSE", timedelta())
    monkeypatch.setattr("newsletter.curating.ArxivPapers", partial(ArxivPapers, url=httpserver.url_for("/api/query")))
    with stamina.set_testing(True, attempts=1):
        yield httpserver


def answer(arxiv: HTTPServer, body: str, status: int = 200) -> None:
    arxiv.expect_request("/api/query").respond_with_data(body, status, content_type="application/atom+xml")


def found(client: Client, draft: Edition, query: str) -> str:
    """What the desk shows for these words."""
    html = client.get(desk(draft), {"q": query}).content.decode()
    return html.partition('<div id="desk-found"')[2].partition("</div>")[0]


def add(client: Client, draft: Edition, paper: object) -> Any:
    return client.post(f"{EDITIONS}{draft.pk}/add/", {"paper": paper}, follow=True)


def look_up(client: Client, draft: Edition, arxiv_id: str) -> Any:
    return client.post(f"{EDITIONS}{draft.pk}/look-up/", {"arxiv_id": arxiv_id}, follow=True)


# --- Finding --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        "2611.54321",
        "arXiv:2611.54321v3",
        "https://arxiv.org/abs/2611.54321",
        "https://arxiv.org/pdf/2611.54321v2.pdf",
        "10.48550/arXiv.2611.54321",
        " sparse atten",
        "10.1000/XYZ.1",
        "https://doi.org/10.1000/xyz.1",
    ],
)
def test_a_paper_is_found_by_whatever_names_it(admin_client: Client, draft: Edition, written: str) -> None:
    paper = make_arxiv_paper("2611.54321", title="Sparse Attention")
    Paper.objects.filter(pk=paper.pk).update(doi="10.1000/xyz.1")
    make_paper(title="Something Else")
    html = found(admin_client, draft, written)
    assert re.findall(r'name="paper" value="(\d+)"', html) == [str(paper.pk)]


def test_what_the_edition_has_or_is_hidden_is_shown_without_a_button(admin_client: Client, draft: Edition) -> None:
    make_arxiv_paper("2611.54321", title="Taken Down", is_hidden=True)
    assert "at place 2" in found(admin_client, draft, "second")
    assert "hidden everywhere" in found(admin_client, draft, "2611.54321")
    assert 'name="paper"' not in found(admin_client, draft, "second") + found(admin_client, draft, "2611.54321")


def test_the_first_results_are_enough(admin_client: Client, draft: Edition) -> None:
    for _ in range(RESULTS + 2):
        make_paper()
    assert found(admin_client, draft, "paper").count('name="paper"') == RESULTS


def test_what_is_not_found_is_said(admin_client: Client, draft: Edition) -> None:
    assert "No paper has all of these words" in found(admin_client, draft, "zzzz")
    assert "no paper with this DOI" in found(admin_client, draft, "10.1000/none")
    assert found(admin_client, draft, "").count("<p") == 0


def test_with_script_the_results_come_alone(admin_client: Client, draft: Edition) -> None:
    url = f"{EDITIONS}{draft.pk}/find/"
    html = admin_client.get(url, {"q": "second"}, headers=HTMX).content.decode()
    assert html.startswith('<div id="desk-found"')
    assert "at place 2" in html
    assert admin_client.get(url, {"q": "second"}).headers["Location"] == f"{desk(draft)}?q=second#desk-add"


# --- Adding ---------------------------------------------------------------------------------------------------------


def test_a_found_paper_is_added_and_the_page_leads_to_it(admin_client: Client, draft: Edition) -> None:
    paper = make_paper(title="New")
    page = add(admin_client, draft, paper.pk)
    assert said(page) == "Added “New”."
    assert titles(draft) == ["First", "Second", "New"]
    assert page.redirect_chain[-1][0].endswith(f"#entry-{draft.entries.get(paper=paper).pk}")
    assert "is in this edition already" in said(add(admin_client, draft, paper.pk))
    assert LogEntry.objects.count() == 1


@pytest.mark.parametrize("paper", ["9" * 5000, "", "x", "-1", "²", "99999999999999999999"])
def test_what_is_no_paper_adds_nothing(admin_client: Client, draft: Edition, paper: str) -> None:
    assert "This paper is gone" in said(add(admin_client, draft, paper))
    assert draft.entries.count() == 2


# --- Looking up -----------------------------------------------------------------------------------------------------


def test_an_unknown_id_is_read_from_arxiv_and_added(arxiv: HTTPServer, draft: Edition) -> None:
    editor = staff_client("Editor")
    answer(arxiv, ANSWER)
    html = found(editor, draft, f"https://arxiv.org/abs/{UNKNOWN}v1")
    assert f'name="arxiv_id" value="{UNKNOWN}"' in html
    assert arxiv.log == []
    assert said(look_up(editor, draft, UNKNOWN)) == "Added “A Paper from Afar”."
    assert titles(draft) == ["First", "Second", "A Paper from Afar"]
    assert "already, at place 3" in said(look_up(editor, draft, UNKNOWN))


def test_an_id_of_no_paper_is_told_and_stays_in_the_field(
    arxiv: HTTPServer, admin_client: Client, draft: Edition
) -> None:
    answer(arxiv, NOTHING)
    page = look_up(admin_client, draft, UNKNOWN)
    assert said(page) == f"arXiv knows no paper {UNKNOWN}."
    assert f'name="q" value="{UNKNOWN}"' in page.content.decode()
    assert draft.entries.count() == 2


def test_when_arxiv_does_not_answer_that_is_told_and_nothing_is_lost(
    arxiv: HTTPServer, admin_client: Client, draft: Edition
) -> None:
    answer(arxiv, "", status=503)
    page = look_up(admin_client, draft, UNKNOWN)
    assert said(page).startswith(f"arXiv could not be asked about {UNKNOWN}; try again in a minute.")
    assert f'name="q" value="{UNKNOWN}"' in page.content.decode()
    answer_in_place = admin_client.post(f"{EDITIONS}{draft.pk}/look-up/", {"arxiv_id": UNKNOWN}, headers=HTMX)
    assert "arXiv could not be asked" in answer_in_place.content.decode()
    assert SourceRun.objects.filter(source="arxiv by id", status="failed").count() == 2


def test_arxiv_is_not_asked_for_what_is_no_id_nor_for_an_edition_that_closed(
    arxiv: HTTPServer, admin_client: Client, draft: Edition
) -> None:
    assert "no arXiv id" in said(look_up(admin_client, draft, "http://127.0.0.1/2609.28471"))
    Edition.objects.update(status="closed", closing_at=NOW)
    assert "no draft any more" in said(look_up(admin_client, draft, UNKNOWN))
    assert arxiv.log == []
