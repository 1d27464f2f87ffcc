"""What we think a reader likes, to look at, to correct and to forget; and how papers are chosen, for everybody."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from newsletter import offer, relevance, selection
from newsletter.explanation import Account, Fate, Share, explain_points, fate_of, muting_phrases
from newsletter.interests import Interests, Reckoning, read_interests, read_reckoning
from newsletter.preview import PaperShown
from papers.keeping import public_page
from papers.links import absolute
from papers.models import Paper, Topic
from subscribers.feedback import mean_it
from subscribers.forgetting import (
    NoRoom,
    Phrases,
    count_forgettable,
    forget_everything,
    forget_paper,
    ignore_word,
    is_term,
    leave_topic,
    take_out,
)
from subscribers.forms.start import is_row
from subscribers.models import Feedback, Subscriber
from subscribers.optin import reader_of
from subscribers.pages import page_by_token
from subscribers.tokens import Purpose

# The page shows so many of the papers they like; the download of what we keep has all.
MOST = 100


@dataclass(frozen=True)
class Done:
    """What became of a press on a button: what it was about, and whether it changed anything."""

    act: str
    about: object = ""
    is_new: bool = True
    status: int = 200


WRONG = Done("wrong", status=400)
Act = Callable[[Subscriber, str, datetime], Done]


@page_by_token
@require_http_methods(["GET", "HEAD", "POST"])
def show_interests(request: HttpRequest, token: str) -> HttpResponse:
    at = timezone.now()
    reader = reader_of(Purpose.PREFERENCES, token, at)
    done = None
    if request.method == "POST":
        done = _act(request.POST, reader, at)
        # As it is stored now.
        reader = reader_of(Purpose.PREFERENCES, token, at)
    reckoning = read_reckoning(reader, at)
    interests = read_interests(reader, reckoning.case)
    context = {
        "token": token,
        "done": done,
        "interests": interests,
        "liked": interests.liked[:MOST],
        "rules": _rules(),
        **_explained(reckoning, interests, request.GET.get("paper", "")),
    }
    return render(request, "newsletter/interests.html", context, status=done.status if done else 200)


@page_by_token
@require_http_methods(["GET", "HEAD", "POST"])
def reset_interests(request: HttpRequest, token: str) -> HttpResponse:
    at = timezone.now()
    reader = reader_of(Purpose.PREFERENCES, token, at)
    forgotten = forget_everything(reader, at) if request.method == "POST" else None
    context = {"token": token, "found": forgotten or count_forgettable(reader), "is_done": forgotten is not None}
    return render(request, "newsletter/interests_reset.html", context)


@public_page()
def show_how_chosen(request: HttpRequest) -> HttpResponse:
    context = {"canonical": absolute(request.path), "rules": _rules()}
    return render(request, "newsletter/about_choosing.html", context)


def _rules() -> dict[str, Any]:
    """Return the numbers that papers are chosen by."""
    return {
        "half_life_years": relevance.HALF_LIFE / 365,
        "background": offer.BACKGROUND,
        "popularity": relevance.POPULARITY,
        "interest": relevance.INTEREST,
        "meaning_papers": offer.MEANING_PAPERS,
        "match": relevance.MATCH_POINTS,
        "author": relevance.AUTHOR_POINTS,
        "topic": relevance.TOPIC_POINTS,
        "less": relevance.LESS_POINTS,
        "chance": relevance.CHANCE,
        "in_demand": offer.MOST_IN_DEMAND,
        # For each tenth by which a paper is like one that was chosen before it.
        "repeated": selection.REPEATED,
        "various": (1 - selection.MMR) * selection.LIKENESS_IN_POINTS / selection.MMR / 10,
    }


# --- What a button does ---------------------------------------------------------------------------------------------


def _act(post: QueryDict, reader: Subscriber, at: datetime) -> Done:
    act = next((name for name in ACTS if name in post), None)
    return ACTS[act](reader, post.get(act, ""), at) if act else WRONG


def _ignore(reader: Subscriber, word: str, at: datetime) -> Done:
    if not is_term(word):
        return WRONG
    try:
        return Done("ignored", word, ignore_word(reader, word, at))
    except NoRoom:
        return Done("no room", word, status=409)


def _take_out(column: Phrases, reader: Subscriber, phrase: str, at: datetime) -> Done:
    return Done(column, phrase, take_out(reader, column, phrase, at)) if phrase.strip() else WRONG


def _leave_topic(reader: Subscriber, given: str, at: datetime) -> Done:
    topic = Topic.objects.filter(pk=given).first() if is_row(given) else None
    return Done("topic", topic, leave_topic(reader, topic, at)) if topic else WRONG


def _forget(kinds: list[Feedback.Kind], reader: Subscriber, given: str, at: datetime) -> Done:
    paper = Paper.objects.visible().filter(pk=given).first() if is_row(given) else None
    return Done("forgotten", paper, forget_paper(reader, paper.pk, kinds, at)) if paper else WRONG


def _mean_it(reader: Subscriber, given: str, at: datetime) -> Done:
    said = reader.feedback.filter(pk=given).select_related("paper").first() if is_row(given) else None
    return Done("meant", said.paper, mean_it(reader, said.pk, at)) if said else WRONG


ACTS: Mapping[str, Act] = {
    "ignore": _ignore,
    "use_again": partial(_take_out, Phrases.IGNORED),
    "interest": partial(_take_out, Phrases.INTERESTS),
    "author": partial(_take_out, Phrases.AUTHORS),
    "topic": _leave_topic,
    "forget": partial(_forget, [Feedback.Kind.MORE, Feedback.Kind.SAVED]),
    "forget_less": partial(_forget, [Feedback.Kind.LESS]),
    "meant": _mean_it,
}


# --- How a paper gets its points --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A paper of the edition in the list of all that are there, by points."""

    paper_id: int
    paper: PaperShown
    total: float
    fate: Fate


def _explained(reckoning: Reckoning, interests: Interests, asked: str) -> dict[str, Any]:
    """Return what the page says of one paper of the edition: that which was asked for, else the first that they get."""
    case, on_offer = reckoning.case, reckoning.on_offer
    if on_offer is None or not case.offer.candidates:
        return {}
    rows = _rows(reckoning, on_offer.papers)
    first = reckoning.picks[0] if reckoning.picks else rows[0].paper_id
    paper_id = int(asked) if is_row(asked) and int(asked) in case.offer.places else first
    place = case.offer.places[paper_id]
    account = explain_points(case, place)
    return {
        "edition": on_offer.edition,
        "rows": rows,
        "row": next(row for row in rows if row.paper_id == paper_id),
        "account": account,
        "strongest": _named(account, interests),
        "reason": reckoning.reasons.get(paper_id, ""),
        "mutes": muting_phrases(case, place),
        "place": place + 1,
    }


def _named(account: Account, interests: Interests) -> list[tuple[str, Share]]:
    """Return what adds most to the nearness of a paper, by name."""
    titles = {one.paper.pk: one.paper.title for one in interests.liked}
    shares = account.nearness.strongest if account.nearness else []
    return [(titles.get(share.about, "") if isinstance(share.about, int) else share.about, share) for share in shares]


def _rows(reckoning: Reckoning, papers: Mapping[int, PaperShown]) -> list[Row]:
    case, picks = reckoning.case, reckoning.picks
    totals = case.points.total[case.row].tolist()
    rows = [
        Row(candidate.paper_id, papers[candidate.paper_id], total, fate_of(case, place, picks))
        for place, (candidate, total) in enumerate(zip(case.offer.candidates, totals, strict=True))
    ]
    return sorted(rows, key=lambda row: -row.total)
