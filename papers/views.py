import re
from collections import defaultdict
from datetime import date
from typing import NamedTuple

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.views.defaults import server_error

from papers.absence import absence
from papers.bibtex import Reference, bibtex
from papers.chart import Chart, Reading, draw
from papers.explanation import explain
from papers.finding import NotFound, QueryTooLong, topic_named, visible_paper, words_asked
from papers.keeping import public_page
from papers.links import absolute
from papers.models import Paper, Signal, Topic, TrendingScore
from papers.paging import address_of, page_of
from papers.related import related_papers
from papers.search import search
from papers.trending import LIFT_BOUNDS, LISTED_POINTS, SHRINKAGE, VERSION
from papers.usual import DAYS

HOME_SIZE = 30
PINNED_SIZE = 10
PAGE_SIZE = 30
SEARCH_PAGE_SIZE = 20
RELATED_SIZE = 6
# date.fromisoformat reads other forms of ISO 8601 too; a list has one address.
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Listed(NamedTuple):
    """A paper in a list, with its place and why it is there; pinned papers stand outside of the ranking."""

    paper: Paper
    score: TrendingScore | None = None
    rank: int | None = None


# --- What trends -------------------------------------------------------------------------------------------------


@public_page()
def home(request: HttpRequest) -> HttpResponse:
    window = TrendingScore.Window.DAY
    day = TrendingScore.objects.latest_day(window)
    entries = _pinned(day)
    if day:
        ranked = TrendingScore.objects.ranked(window, day).exclude(paper__is_pinned=True)
        scores = ranked.prefetch_related("paper__topics")[: HOME_SIZE - len(entries)]
        entries += [Listed(score.paper, score, rank) for rank, score in enumerate(scores, start=1)]
    context = {
        "day": day,
        "absence": absence(timezone.now()),
        "entries": entries,
        "has_sample": any(entry.paper.is_sample for entry in entries),
        "canonical": absolute(request.path),
    }
    return render(request, "papers/home.html", context)


def _pinned(day: date | None) -> list[Listed]:
    """The papers that editors pinned: those of the day's list first, best first, then the newest."""
    window = TrendingScore.Window.DAY
    papers = list(
        Paper.objects.visible()
        .filter(is_pinned=True)
        .trending_first(window, day)
        .prefetch_related("topics")[:PINNED_SIZE]
    )
    scores = TrendingScore.objects.filter(window=window, day=day, paper__in=papers) if papers and day else []
    by_paper = {score.paper_id: score for score in scores}
    return [Listed(paper, by_paper.get(paper.pk)) for paper in papers]


@public_page(reads=["day", "page"])
def trending(request: HttpRequest, window: str) -> HttpResponse:
    """The latest list of a window; with a day in the query, as the date picker sends it, the way to that day's."""
    _check_window(window)
    if word := request.GET.get("day"):
        return redirect("trending_day", window, _listed_day(window, word))
    return _list(request, window, TrendingScore.objects.latest_day(window), is_latest=True)


@public_page(reads=["page"])
def trending_day(request: HttpRequest, window: str, day: str) -> HttpResponse:
    """The list of a window as it stood at the end of a day."""
    _check_window(window)
    return _list(request, window, _listed_day(window, day), is_latest=False)


def _list(request: HttpRequest, window: str, day: date | None, *, is_latest: bool) -> HttpResponse:
    ranked = TrendingScore.objects.ranked(window, day) if day else TrendingScore.objects.none()
    page = page_of(ranked.prefetch_related("paper__topics"), PAGE_SIZE, request)
    entries = [Listed(score.paper, score, rank) for rank, score in enumerate(page, start=page.start_index())]
    before, after = TrendingScore.objects.days_beside(window, day) if day else (None, None)
    context = {
        "window": window,
        "windows": TrendingScore.Window.values,
        "day": day,
        "latest_day": day if is_latest else TrendingScore.objects.latest_day(window),
        "is_latest": is_latest,
        "absence": absence(timezone.now()) if is_latest else None,
        "before": before,
        "after": after,
        "page": page,
        "entries": entries,
        "has_sample": any(entry.paper.is_sample for entry in entries),
        "canonical": address_of(page, request.path),
    }
    return render(request, "papers/trending.html", context)


def _check_window(window: str) -> None:
    if window not in TrendingScore.Window.values:
        lists = [(f"Trending by {known}", reverse("trending", args=[known])) for known in TrendingScore.Window.values]
        raise NotFound("Papers trend by day, by week or by month.", *lists)


def _listed_day(window: str, word: str) -> date:
    """Return the day that `word` names. Raises NotFound, with the way to the nearest lists, when it has none."""
    latest = ("The latest list", reverse("trending", args=[window]))
    day = _read_day(word)
    if day is None:
        raise NotFound("A list is found by its day, written like 2026-11-23.", latest)
    if day > timezone.now().date():
        raise NotFound(f"{_in_words(day)} is still to come: nobody knows what trends then.", latest)
    if not TrendingScore.objects.filter(window=window, day=day).exists():
        beside = [found for found in TrendingScore.objects.days_beside(window, day) if found]
        links = [(f"The list of {_in_words(found)}", _address(window, found)) for found in beside]
        raise NotFound(f"There is no list of {_in_words(day)}.", *links, latest)
    return day


def _read_day(word: str) -> date | None:
    """Return the day written as 2026-11-23; None when `word` is not such a day."""
    if not DAY.fullmatch(word):
        return None
    try:
        return date.fromisoformat(word)
    except ValueError:
        return None


def _in_words(day: date) -> str:
    return date_format(day, "j F Y")


def _address(window: str, day: date) -> str:
    return reverse("trending_day", args=[window, day])


# --- Topics and search -------------------------------------------------------------------------------------------


@public_page()
def show_topics(request: HttpRequest) -> HttpResponse:
    topics = list(Topic.objects.with_paper_counts())
    subjects = [topic for topic in topics if topic.kind == Topic.Kind.KEYWORDS]
    # A category comes with its first paper; a subject that editors made may wait for one.
    categories = [topic for topic in topics if topic.kind == Topic.Kind.CATEGORY and topic.paper_count]
    context = {"subjects": subjects, "categories": categories}
    return render(request, "papers/topics.html", context | {"canonical": absolute(request.path)})


@public_page(reads=["page"])
def show_topic(request: HttpRequest, slug: str) -> HttpResponse:
    topic = topic_named(slug)
    window = TrendingScore.Window.MONTH
    papers = Paper.objects.visible().filter(topics=topic)
    papers = papers.trending_first(window, TrendingScore.objects.latest_day(window)).prefetch_related("topics")
    page = page_of(papers, PAGE_SIZE, request, count=topic.count_visible_papers())
    context = {"topic": topic, "page": page, "has_sample": any(paper.is_sample for paper in page)}
    return render(request, "papers/topic.html", context | {"canonical": address_of(page, request.path)})


@public_page(reads=["q", "page"])
def search_papers(request: HttpRequest) -> HttpResponse:
    query = words_asked(request)
    page = page_of(search(query), SEARCH_PAGE_SIZE, request)
    has_sample = any(paper.is_sample for paper in page)
    return render(request, "papers/search.html", {"query": query, "page": page, "has_sample": has_sample})


# --- A paper -----------------------------------------------------------------------------------------------------


@public_page()
def show_paper(request: HttpRequest, paper_id: int) -> HttpResponse:
    paper = visible_paper(paper_id)
    window = TrendingScore.Window.DAY
    day = TrendingScore.objects.latest_day(window)
    # What it gained when it last was on a list is no news today.
    score = paper.scores.filter(window=window, day=day).first() if day else None
    context = {
        "paper": paper,
        "score": score,
        "counts": paper.counts,
        "charts": _charts(paper),
        "related": related_papers(paper, RELATED_SIZE),
        "bibtex": bibtex(_reference(paper)),
        "canonical": absolute(paper.get_absolute_url()),
    }
    return render(request, "papers/paper.html", context)


@public_page()
def show_bibtex(request: HttpRequest, paper_id: int) -> HttpResponse:
    reference = _reference(visible_paper(paper_id))
    response = HttpResponse(bibtex(reference), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'inline; filename="{reference.key}.bib"'
    return response


def _reference(paper: Paper) -> Reference:
    return Reference(
        title=paper.title,
        authors=paper.authors,
        published_on=paper.published_on,
        arxiv_id=paper.arxiv_id,
        primary_category=paper.primary_category,
        doi=paper.doi,
        url=paper.source_url or paper.project_url,
    )


def _charts(paper: Paper) -> list[tuple[str, Chart]]:
    """How each kind of attention grew, by its name; of two sources that count the same, the one that did so longer."""
    series: dict[str, dict[str, list[Reading]]] = defaultdict(lambda: defaultdict(list))
    for kind, source, at, value in paper.signals.values_list("kind", "source", "observed_at", "value"):
        series[kind][source].append(Reading(at, value))
    longest = {
        kind: max(counts.items(), key=lambda item: (len(item[1]), item[0]))[1] for kind, counts in series.items()
    }
    return [(str(kind.label), chart) for kind in Signal.Kind if (chart := draw(longest.get(kind, [])))]


# --- What stands beside the lists --------------------------------------------------------------------------------


@public_page()
def about(request: HttpRequest) -> HttpResponse:
    return render(request, "papers/about.html", {"canonical": absolute(request.path)})


@public_page()
def about_trending(request: HttpRequest) -> HttpResponse:
    """The formula, with the numbers of a paper of the latest list: the first that can be compared with others."""
    window = TrendingScore.Window.DAY
    day = TrendingScore.objects.latest_day(window)
    scores = list(TrendingScore.objects.ranked(window, day)[:PAGE_SIZE]) if day else []
    rank = next((n for n, score in enumerate(scores) if any("usual" in part for part in score.parts)), 0)
    score = scores[rank] if scores else None
    context = {
        "canonical": absolute(request.path),
        "score": score,
        "rank": rank + 1,
        "steps": explain(score.parts) if score else [],
        "others": {part["kind"]: part["points"] for part in score.parts} if score else {},
        "lift_bounds": LIFT_BOUNDS,
        "listed_points": LISTED_POINTS,
        "shrinkage": SHRINKAGE,
        "days_back": DAYS,
        "version": VERSION,
    }
    return render(request, "papers/about_trending.html", context)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page for a request that makes no sense, with what is wrong where that is for the reader to know."""
    sentence = str(exception) if isinstance(exception, QueryTooLong) else None
    return render(request, "400.html", {"sentence": sentence}, status=400)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page for an address that leads nowhere; to a program, the same in JSON."""
    if request.path.startswith("/api/"):
        return JsonResponse({"detail": "There is nothing at this address."}, status=404)
    found = exception if isinstance(exception, NotFound) else None
    context = {"sentence": found and found.sentence, "links": found.links if found else ()}
    return render(request, "404.html", context, status=404)


@csp_update({"style-src": [SELF, UNSAFE_INLINE]})
def broken(request: HttpRequest) -> HttpResponse:
    """The page for a mistake of ours, which brings its own styles."""
    return server_error(request)
