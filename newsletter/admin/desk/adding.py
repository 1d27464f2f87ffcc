"""Adds a paper to a draft: found by words, by arXiv id in any form, or by DOI; one that we do not know, from arXiv."""

from dataclasses import dataclass, field

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from newsletter import curating
from newsletter.admin.desk.answering import EditionPage, address, answer, desk_url, edition_at, require, take_step
from newsletter.curating import NotDone
from newsletter.models import Edition, EditionEntry
from papers.arxiv_ids import ids_in, key_of, read_id
from papers.models import Paper
from papers.search import MAX_QUERY, search
from papers.sources.base import DOI
from papers.text import collapse
from subscribers.forms.start import is_row

RESULTS = 6


@dataclass(frozen=True)
class Result:
    """A paper that may be meant, and its entry if the edition has it."""

    paper: Paper
    entry: EditionEntry | None


@dataclass(frozen=True)
class Results:
    """What was found; `unknown` is an id that arXiv may know, `said` why nothing was found."""

    query: str = ""
    papers: list[Result] = field(default_factory=list)
    unknown: str = ""
    said: str = ""


def urls(admin: EditionPage) -> list[URLPattern]:
    return [
        address(admin, "<int:edition_id>/find/", show_found, "find"),
        address(admin, "<int:edition_id>/add/", add, "add"),
        address(admin, "<int:edition_id>/look-up/", look_up, "look_up"),
    ]


def find(edition: Edition, query: str) -> Results:
    """Return the papers that `query` may mean: those of the ids in it, else of its DOI, else of its words."""
    query = collapse(query[:MAX_QUERY])
    if not query:
        return Results()
    if arxiv_ids := ids_in(query):
        known = list(Paper.objects.filter(key__in=[key_of(arxiv_id) for arxiv_id in arxiv_ids]))
        unknown = next((one for one in arxiv_ids if key_of(one) not in {paper.key for paper in known}), "")
        return Results(query, _with_entries(edition, known), unknown)
    if doi := DOI.match(query):
        papers = list(Paper.objects.filter(doi=doi.group(1).lower()))
        return Results(query, _with_entries(edition, papers), said="" if papers else "We know no paper with this DOI.")
    papers = search(query)[:RESULTS]
    said = "" if papers else "No paper has all of these words. One that is on arXiv can be added by its id."
    return Results(query, _with_entries(edition, papers), said=said)


def _with_entries(edition: Edition, papers: list[Paper]) -> list[Result]:
    entries = {entry.paper_id: entry for entry in edition.entries.filter(paper__in=papers)}
    return [Result(paper, entries.get(paper.pk)) for paper in papers]


@require_GET
def show_found(request: HttpRequest, edition_id: int, admin: EditionPage) -> HttpResponse:
    """The results while they are typed; as a page, the desk with them."""
    edition = edition_at(admin, request, edition_id)
    query = request.GET.get("q", "")
    if not request.htmx:  # type: ignore[attr-defined]  # the middleware's
        return redirect(desk_url(edition, "desk-add", {"q": query}))
    context = {"edition": edition, "found": find(edition, query)}
    return TemplateResponse(request, "admin/newsletter/desk/_found.html", context)


@require_POST
def add(request: HttpRequest, edition_id: int, admin: EditionPage) -> HttpResponse:
    require(request, "newsletter.add_editionentry")
    edition = edition_at(admin, request, edition_id)
    paper_id = request.POST.get("paper", "")
    return _add(request, edition, admin, int(paper_id) if is_row(paper_id) else 0)


@require_POST
def look_up(request: HttpRequest, edition_id: int, admin: EditionPage) -> HttpResponse:
    """Read a paper from arXiv and add it. When arXiv does not answer, what was looked for still stands there."""
    require(request, "newsletter.add_editionentry")
    edition = edition_at(admin, request, edition_id)
    written = request.POST.get("arxiv_id", "")
    try:
        paper_id = _looked_up(edition, written)
    except NotDone as err:
        messages.error(request, str(err))
        return answer(request, edition, "desk-add", q=written)
    return _add(request, edition, admin, paper_id)


def _looked_up(edition: Edition, written: str) -> int:
    arxiv_id = read_id(written)
    if arxiv_id is None:
        raise NotDone("This is no arXiv id. Nothing was added.")
    if not edition.is_draft:
        raise NotDone("The edition is no draft any more, so nothing was added.")
    return curating.look_up(arxiv_id, timezone.now())


def _add(request: HttpRequest, edition: Edition, admin: EditionPage, paper_id: int) -> HttpResponse:
    if not take_step(admin, request, edition, lambda: curating.add_paper(edition.pk, paper_id)):
        return answer(request, edition, "desk-add")
    return answer(request, edition, f"entry-{edition.entries.get(paper=paper_id).pk}")
