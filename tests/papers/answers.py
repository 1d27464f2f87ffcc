"""What the services answer, made or recorded."""

import json
from pathlib import Path

from tests.factories import TODAY

ALL_FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
FIXTURES = ALL_FIXTURES / "huggingface"
FEED = (ALL_FIXTURES / "arxiv" / "feed_2026-09-24.xml").read_bytes()
SEARCH = (ALL_FIXTURES / "arxiv" / "search_cs.CL_2026-09-23.xml").read_bytes()
REPOSITORY = (ALL_FIXTURES / "github" / "PyGithub_2025-01-07.json").read_bytes()
# The status and the request stand in the first line.
REPOSITORY_HEADERS = dict(
    line.split(": ", 1)
    for line in (ALL_FIXTURES / "github" / "PyGithub_2025-01-07.headers.txt").read_text().splitlines()[1:]
)
# Real answers may stand beside the project; the recorded shapes stand in where they do not.
SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def whole_recording(service: str, pattern: str, stand_in: str) -> bytes:
    """A recorded answer as it came, where those are; else the one with shortened texts that the project has."""
    whole = [*(SHARED / "api_fixtures" / service).glob(pattern), ALL_FIXTURES / service / stand_in]
    return whole[0].read_bytes()


LISTINGS = SHARED / "hf_daily" if (SHARED / "hf_daily").is_dir() else FIXTURES


def make_row(*, num_comments: object = 2, **changes: object) -> dict[str, object]:
    """A well-formed row of today's listing, with these fields of its paper changed; None leaves a field out."""
    paper: dict[str, object] = {
        "id": "2611.00001",
        "title": "A Paper",
        "authors": [{"name": "Ada Lovelace", "hidden": False}],
        "summary": "What was found.",
        "publishedAt": "2026-11-20T00:00:00.000Z",
        "submittedOnDailyAt": f"{TODAY}T03:00:00.000Z",
        "upvotes": 7,
    }
    told = {name: value for name, value in (paper | changes).items() if value is not None}
    return {"paper": told, "numComments": num_comments}


def make_body(*rows: object) -> bytes:
    return json.dumps(rows).encode()


def make_rows(count: int, *, start: int = 1) -> list[dict[str, object]]:
    """Rows of so many different papers."""
    return [make_row(id=f"2611.{number:05}", title=f"Paper {number}") for number in range(start, start + count)]


def make_item(arxiv_id: str = "2611.00001", *, announced: str = "new", categories: str = "cs.CL", **fields: str) -> str:
    """A well-formed item of the announcement feed."""
    told = {
        "title": f"Paper {arxiv_id}",
        "creator": "Ada Lovelace, Alan Turing",
        "abstract": "What was found.",
    } | fields
    tags = "".join(f"<category>{code}</category>" for code in categories.split())
    return f"""<item><title>{told["title"]}</title><link>https://arxiv.org/abs/{arxiv_id}</link>
        <description>arXiv:{arxiv_id}v1 Announce Type: {announced} \nAbstract: {told["abstract"]}</description>{tags}
        <arxiv:announce_type>{announced}</arxiv:announce_type><dc:creator>{told["creator"]}</dc:creator></item>"""


def make_feed(*items: str, published: str = "Mon, 23 Nov 2026 00:00:00 -0500") -> bytes:
    """An announcement feed of today."""
    names = (
        'xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:atom="http://www.w3.org/2005/Atom"'
    )
    head = f"<title>cs.CL updates on arXiv.org</title><pubDate>{published}</pubDate>"
    return f'<rss {names} version="2.0"><channel>{head}{"".join(items)}</channel></rss>'.encode()
