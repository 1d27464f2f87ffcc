import csv
import json
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from papers.evaluation import Observation, evaluate

COUNTS = {"upvotes": "early_upvotes", "comments": "early_num_comments", "stars": "early_github_stars"}


class Command(BaseCommand):
    help = "Compare the trending score of early readings with the upvotes papers had in the end."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="CSV: arxiv_id, listing_date, early_… and final_… counts")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        result = evaluate(_observations(options["file"]))
        if not result["days"]:
            raise CommandError("No day in this file has enough papers to compare.")
        if options["json"]:
            self.stdout.write(json.dumps(result, indent=2))
            return
        for name, figures in {"score": result["score"], **result["baselines"]}.items():
            means = "  ".join(f"{figure} {value:.3f}" for figure, value in figures.items() if isinstance(value, float))
            self.stdout.write(f"{name:14} {means}")


def _observations(path: Path) -> Iterator[Observation]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for number, row in enumerate(csv.DictReader(file), start=2):
                yield _observation(row, f"{path} line {number}")
    except (OSError, UnicodeDecodeError) as err:
        raise CommandError(f"{path} cannot be read: {err}") from err


def _observation(row: dict[str, str], position: str) -> Observation:
    try:
        return Observation(
            key=row["arxiv_id"],
            listed_on=date.fromisoformat(row["listing_date"]),
            read_at=datetime.fromisoformat(row["early_captured_at"]),
            counts={kind: int(row[column]) for kind, column in COUNTS.items() if row[column] or kind == "upvotes"},
            final_upvotes=int(row["final_upvotes"]),
        )
    except (KeyError, TypeError, ValueError) as err:
        raise CommandError(f"{position}: {err!r}") from err
