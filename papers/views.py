from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from papers.models import Paper, TrendingScore
from papers.search import MAX_QUERY, search
from papers.text import collapse

HOME_SIZE = 30
SEARCH_PAGE_SIZE = 20


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    window = TrendingScore.Window.DAY
    day = TrendingScore.objects.latest_day(window)
    scores = TrendingScore.objects.ranked(window, day).prefetch_related("paper__topics")[:HOME_SIZE] if day else []
    return render(request, "papers/home.html", {"scores": scores, "has_sample": any(s.paper.is_sample for s in scores)})


@require_safe
def show_paper(request: HttpRequest, paper_id: int) -> HttpResponse:
    paper = get_object_or_404(Paper.objects.visible().prefetch_related("topics"), pk=paper_id)
    score = paper.scores.filter(window=TrendingScore.Window.DAY).order_by("-day").first()
    return render(request, "papers/paper.html", {"paper": paper, "score": score, "counts": paper.counts})


@require_safe
def search_papers(request: HttpRequest) -> HttpResponse:
    query = collapse(request.GET.get("q", "")[:MAX_QUERY])
    page = Paginator(search(query).prefetch_related("topics"), SEARCH_PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request, "papers/search.html", {"query": query, "page": page, "has_sample": any(p.is_sample for p in page)}
    )
