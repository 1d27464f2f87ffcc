"""What the daily listing answers, made or recorded."""

import json
from pathlib import Path

from tests.factories import TODAY

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "huggingface"
# Real answers may stand beside the project; the recorded shapes stand in where they do not.
SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
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
