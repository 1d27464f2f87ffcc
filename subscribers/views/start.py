"""The page on which somebody chooses what to read, sees the digest it makes, and signs up."""

from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from django_htmx.middleware import HtmxDetails

from papers.keeping import KEPT_FOR
from papers.models import Topic
from subscribers.abuse import make_stamp
from subscribers.forms.start import PreviewForm, StartForm
from subscribers.grid import grid


class Visit(HttpRequest):
    """A request as HtmxMiddleware passes it on."""

    htmx: HtmxDetails


def show_start_page(request: HttpRequest, form: StartForm | None = None, status: int = 200) -> HttpResponse:
    """Return the page, with all that `form` was filled in with, and the digest that makes of what is right."""
    form = form or StartForm()
    liked, followed = form.marked("papers"), form.marked("topics")
    subjects, categories = _topics()
    context = {
        "form": form,
        "preferences": form.preferences(),
        "cards": grid(liked),
        "liked": liked,
        "followed": followed,
        "subjects": subjects,
        "categories": categories,
        "followed_categories": [topic for topic in categories if topic.pk in followed],
        "stamp": make_stamp(timezone.now()),
        # Of a form on another page that was not filled in well: that page.
        "page": (form["page"].value() or reverse("subscribe"))[:200],
    }
    return _unkept(render(request, "subscribers/start.html", context, status=status))


# Whoever asks only sees; nothing changes, and no cookie is needed.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: Visit) -> HttpResponse:
    """The digest that the choices make: alone for the page that asks while choices change, else the page with it."""
    if request.method != "POST":
        return redirect("subscribe")
    form = PreviewForm(request.POST)
    status = 200 if form.is_valid() else 400
    if not request.htmx:
        return show_start_page(request, form, status)
    context = {"form": form, "preferences": form.preferences()}
    return _unkept(render(request, "subscribers/start_preview.html", context, status=status))


def _topics() -> tuple[list[Topic], list[Topic]]:
    """The curated subjects, and the categories that came with a paper."""
    topics: list[Topic] = (
        caches["process"].get_or_set("start-topics", lambda: list(Topic.objects.all()), KEPT_FOR) or []
    )
    subjects = [topic for topic in topics if topic.kind == Topic.Kind.KEYWORDS]
    return subjects, [topic for topic in topics if topic.kind == Topic.Kind.CATEGORY]


def _unkept(response: HttpResponse) -> HttpResponse:
    """What somebody typed stands in there, and when the form was shown."""
    patch_cache_control(response, no_store=True)
    patch_vary_headers(response, ["HX-Request"])
    return response
