"""Keeps a row of plain words for every paper, and looks words up in the full-text index over those rows.

Both databases see the same words: text is folded here, and all the databases do is to split it at spaces. Papers stand
in the index in the order of their `place`, most attention first, so that a look-up that matches half of the catalogue
may stop at the first few hundred.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple
from unicodedata import combining, normalize

from django.db import connection

from papers.models import Paper, SearchEntry
from papers.text import fold

WORD = re.compile(r"[^\W_]+")
# Papers whose entries are read and written at once.
CHUNK = 500
# Beyond it a word is a formula or a link, and PostgreSQL takes no word of more than 2 kB.
MAX_WORD = 40
# PostgreSQL indexes at most a megabyte of words a row; some papers have thousands of authors.
MAX_TEXT = 50_000
# So many words at the end of a query are beginnings too: each costs more to look up than a whole word.
UNFINISHED = 3
# What an acronym begins with in the index of titles. No word has such a character.
ACRONYM = "="
# The bits of a place that hold the paper; those above hold its attention.
PAPER_BITS = 40

# Where words are looked up: the titles (with their acronyms), or all there is of a paper.
IN_TITLE = "papers_search_title"
ANYWHERE = "papers_search_text"

SQLITE = "SELECT rowid FROM {0} WHERE {0} MATCH %s ORDER BY rowid DESC LIMIT %s"
HIGHEST = {"sqlite": SQLITE, "postgresql": "SELECT {0}(%s::tsquery, %s)"}
# FTS5 reads in the order of places as fast as in any other; PostgreSQL has to find all before it can order them.
ANY = {"sqlite": SQLITE, "postgresql": "SELECT {0}_any(%s::tsquery, %s)"}
READ = """
    SELECT paper.id, paper.key, entry.title, entry.names, paper.counts
    FROM papers_searchentry AS entry JOIN papers_paper AS paper ON paper.id = entry.paper_id
    WHERE NOT paper.is_hidden AND entry.paper_id
"""
# One argument, however many papers: the ORM takes longer over hundreds of them than the database.
AMONG = {
    "sqlite": "IN (SELECT value FROM json_each(%s))",
    "postgresql": "IN (SELECT jsonb_array_elements_text(%s::jsonb)::bigint)",
}


class Entry(NamedTuple):
    """What a visible paper is ranked by."""

    paper_id: int
    key: str
    title: str
    names: str
    attention: int


def plain_words(text: str) -> list[str]:
    """Return the words of `text` as the index has them: letters and digits, case folded, without marks."""
    # Some write x^2 where others raise the digit.
    return [word[:MAX_WORD] for word in WORD.findall(fold(text).replace("^", ""))]


def acronym_of(title: str) -> str:
    """Return the capitals (and digits between them) that begin a title's one word before a colon, or nothing.

    "TR-PTS: Task-Relevant Tuning" has "trpts" and "TRivia: …" has "tr"; a single capital is no acronym.
    """
    head, colon, _ = title.partition(":")
    run = ""
    for char in normalize("NFKD", head.strip()):
        if char.isupper() or char.isdigit():
            run += char
        elif char not in "-^" and not combining(char):
            break
    is_acronym = colon and len(head.split()) == 1 and sum(char.isupper() for char in run) >= 2
    return "".join(plain_words(run))[: MAX_WORD - len(ACRONYM)] if is_acronym else ""


def attention_to(counts: Mapping[str, int]) -> int:
    """Return the latest counts as one number. Stars come by the hundred where upvotes come by the ten."""
    upvotes, comments, stars = (counts.get(kind, 0) for kind in ("upvotes", "comments", "stars"))
    return upvotes + comments + stars // 10


def place_of(paper_id: int, counts: Mapping[str, int]) -> int:
    """Return where a paper stands among others that match alike: by the doublings of its attention, then newest first.

    Doublings, because the index is written anew each time a paper's place changes.
    """
    doublings = (attention_to(counts) + 1).bit_length() - 1
    return doublings << PAPER_BITS | paper_id


def paper_at(place: int) -> int:
    """Return the id of the paper that stands at `place`."""
    return place & ((1 << PAPER_BITS) - 1)


def entry_columns(paper: Paper) -> dict[str, str | int]:
    """Return what search keeps of a paper: the columns of its SearchEntry."""
    acronym = acronym_of(paper.title)
    return {
        "place": place_of(paper.pk, paper.counts),
        "title": _plain(paper.title),
        "acronym": ACRONYM + acronym if acronym else "",
        "names": _plain(*paper.authors, *paper.keywords, paper.arxiv_id or "", paper.doi or ""),
        "body": _plain(paper.summary, paper.abstract),
    }


def index_papers(papers: Iterable[Paper]) -> None:
    """Make search know these saved papers as they are now. Those it knows so already cost one read."""
    remaining = iter(papers)
    while chunk := list(islice(remaining, CHUNK)):
        entries = {paper.pk: SearchEntry(paper_id=paper.pk, **entry_columns(paper)) for paper in chunk}
        columns = [field.attname for field in SearchEntry._meta.fields]
        known = set(SearchEntry.objects.filter(paper__in=list(entries)).values_list(*columns))
        changed = [entry for entry in entries.values() if tuple(getattr(entry, name) for name in columns) not in known]
        SearchEntry.objects.bulk_create(
            changed, update_conflicts=True, unique_fields=["paper"], update_fields=[*columns[1:]]
        )


def look_up(where: str, words: Sequence[str], most: int, *, as_prefixes: bool = False) -> list[int]:
    """Return the highest places of papers that have all `words` in their title, or anywhere; `most` at most.

    As prefixes, the last few words may be unfinished. One letter begins too many words to be a prefix, unless it is the
    last word.
    """
    unfinished = words[-UNFINISHED:] if as_prefixes else ()
    prefixes = {word for word in unfinished if len(word) > 1 or word == words[-1]}
    return _places(HIGHEST[connection.vendor].format(where), _expression(words, prefixes), most)


def look_up_rare(where: str, words: Sequence[str], common: int) -> list[int] | None:
    """Return the places of all papers that have all `words` there, or None when they are `common` or more."""
    places = _places(ANY[connection.vendor].format(where), _expression(words, set()), common)
    return places if len(places) < common else None


def read_entries(paper_ids: Collection[int]) -> list[Entry]:
    """Return the entries of those of these papers that are not hidden."""
    with connection.cursor() as cursor:
        cursor.execute(READ + AMONG[connection.vendor], [json.dumps(list(paper_ids))])
        return [
            Entry(paper_id, key, title, names, attention_to(json.loads(counts)))
            for paper_id, key, title, names, counts in cursor.fetchall()
        ]


def _places(sql: str, expression: str, most: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [expression, most])
        return [place for (place,) in cursor.fetchall()]


def _expression(words: Sequence[str], prefixes: set[str]) -> str:
    """Return the question in the database's own words. Letters and digits need no escape."""
    if connection.vendor == "postgresql":
        return " & ".join(f"'{word}':*" if word in prefixes else f"'{word}'" for word in words)
    return " AND ".join(f'"{word}" *' if word in prefixes else f'"{word}"' for word in words)


def _plain(*texts: str) -> str:
    return " ".join(_words_of(texts))[:MAX_TEXT].rstrip()


def _words_of(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from plain_words(text)
