import json
from argparse import ArgumentParser
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from papers.models import Paper, TrendingScore
from papers.scoring import rank_papers
from papers.trending import VERSION, Score, in_words

# arXiv's first year.
FIRST_DAY = date(1991, 1, 1)


class Command(BaseCommand):
    help = "Show the trending papers as of now, or as of the end of a past day."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--date", type=date.fromisoformat, metavar="YYYY-MM-DD")
        parser.add_argument("--window", choices=TrendingScore.Window.values, default=TrendingScore.Window.DAY)
        parser.add_argument("--top", type=int, default=10, metavar="N")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        if day := options["date"]:
            if not FIRST_DAY <= day <= at.date():
                raise CommandError(f"--date must lie between {FIRST_DAY} and today.")
            at = min(at, datetime.combine(day, time(), UTC) + timedelta(days=1))
        if options["top"] < 1:
            raise CommandError("--top must be 1 or more.")
        ranked = rank_papers(at=at, window=options["window"])[: options["top"]]
        if options["json"]:
            self.stdout.write(json.dumps([_row(rank, *item) for rank, item in enumerate(ranked, 1)], indent=2))
            return
        for rank, (paper, score) in enumerate(ranked, 1):
            self.stdout.write(f"{rank:3}  {score.value:5.2f}  {paper.title}  ({in_words(score.parts)})")
        if not ranked:
            self.stdout.write("No papers gained attention in this window.")


def _row(rank: int, paper: Paper, score: Score) -> dict[str, object]:
    return {
        "rank": rank,
        "key": paper.key,
        "title": paper.title,
        "score": score.value,
        "parts": score.parts,
        "version": VERSION,
    }
