"""Finds papers by words."""

import json

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from papers.models import Paper
from papers.text import collapse

MAX_QUERY = 200
# The fields a word may stand in.
FIELDS = ("title", "authors", "keywords", "summary", "abstract", "arxiv_id")


def search(query: str) -> QuerySet[Paper]:
    """Return the visible papers that hold every word of `query`, best first: title matches, then newest, ties by key.

    An empty query finds nothing; beyond its first 200 characters a query is not read.
    """
    terms = collapse(query[:MAX_QUERY]).split()
    if not terms:
        return Paper.objects.none()
    papers = Paper.objects.visible()
    for term in terms:
        # SQLite keeps lists as JSON text, where a letter beyond ASCII is an escape.
        spellings = {term, json.dumps(term)[1:-1]}
        somewhere = Q()
        for field in FIELDS:
            for spelling in spellings:
                somewhere |= Q(**{f"{field}__icontains": spelling})
        papers = papers.filter(somewhere)
    in_title = Q()
    for term in terms:
        in_title &= Q(title__icontains=term)
    rank = Case(When(in_title, then=Value(0)), default=Value(1), output_field=IntegerField())
    return papers.annotate(search_rank=rank).order_by("search_rank", "-listed_on", "key")
