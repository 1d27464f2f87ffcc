"""The digest that a visitor sees while choosing, over HTTP: what each change of a choice takes."""

import random
import socket
from collections.abc import Iterator
from functools import partial
from urllib.parse import urlencode

from bench.clock import AT
from bench.drafts import make_draft
from bench.measure import milliseconds, report, seconds
from bench.web import exchange, server
from papers.models import Paper, Topic

CANDIDATES, OTHERS = 150, 500
CHANGES = 400
WORDS = ("agents", "video", "reasoning", "robots", "retrieval", "speech", "safety", "graphs", "proteins", "compilers")


def bench_preview() -> None:
    """Choices of many kinds, one after the other, where the edition is kept for a minute and where nothing is."""
    _fill()
    times = {settings: _times(settings) for settings in ("config.settings", "bench.coldly")}
    kept, cold = times["config.settings"], times["bench.coldly"]
    report(
        "preview",
        "p95_ms",
        kept["p95_ms"],
        p50_ms=kept["p50_ms"],
        nothing_kept_p95_ms=cold["p95_ms"],
        candidates=CANDIDATES,
    )


def _times(settings: str) -> dict[str, float]:
    with server(settings) as address:
        _ask(address, "")  # the first request of a process also loads code and templates
        return milliseconds([seconds(partial(_ask, address, body)) for body in _choices()])


def _ask(address: tuple[str, int], body: str) -> None:
    head = "POST /subscribe/preview HTTP/1.1\r\nHost: localhost\r\nHX-Request: true\r\n"
    head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(address, timeout=30) as line:
        status, page = exchange(line, (head + body).encode())
    if status != 200 or b"Why:" not in page:
        raise SystemExit(f"The server answered {status}, and no digest.")


def _choices() -> Iterator[str]:
    """Yield what browsers send: a few topics, up to ten papers, some phrases; now and then as much as is allowed."""
    chance = random.Random(7)  # noqa: S311  the same choices each time
    topics = list(Topic.objects.values_list("pk", flat=True))
    papers = list(Paper.objects.order_by("pk").values_list("pk", flat=True))
    for number in range(CHANGES):
        most = number % 20 == 0
        wishes = {
            "topics": chance.sample(topics, len(topics) if most else chance.randint(0, 5)),
            "papers": chance.sample(papers, 50 if most else chance.randint(0, 10)),
            "interests": ", ".join(chance.choices(WORDS, k=150 if most else chance.randint(0, 4))),
        }
        yield urlencode(wishes, doseq=True)


def _fill() -> None:
    """A draft with as many papers as there may be candidates, and others that somebody may like."""
    chance = random.Random(5)  # noqa: S311  the same papers each time
    papers = Paper.objects.bulk_create(_paper(number, chance) for number in range(CANDIDATES + OTHERS))
    topics = list(Topic.objects.all())
    through = Paper.topics.through
    through.objects.bulk_create(
        through(paper=paper, topic=topic) for paper in papers for topic in chance.sample(topics, 3)
    )
    make_draft(papers[:CANDIDATES])


def _paper(number: int, chance: random.Random) -> Paper:
    words = chance.sample(WORDS, 4)
    return Paper(
        key=f"arxiv:2611.{number:05}",
        arxiv_id=f"2611.{number:05}",
        title=f"Paper {number} on {', '.join(words)}",
        authors=["Ada Lovelace", "Alan Turing", f"Author {number}", "Grace Hopper"],
        abstract="What it is about, what it does, how it was done and what was found. " * 15,
        summary=f"What it does with {words[0]}, and what it found of {words[1]}. " * 4,
        keywords=words[2:],
        listed_on=AT.date(),
    )
