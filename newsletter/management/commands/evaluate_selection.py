import json
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from newsletter.evaluation.cold_start import evaluate_cold_start
from newsletter.evaluation.events import Contest, daily, draw, weekly
from newsletter.evaluation.files import FileUnusable, read_histories, read_papers
from newsletter.evaluation.leaks import LeakFound
from newsletter.evaluation.weekly import evaluate


class Command(BaseCommand):
    help = "Compare the papers chosen for people with those they turned out to have to do with."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--papers", type=Path, required=True, help="JSON lines, gzipped or not")
        parser.add_argument("--interactions", type=Path, required=True, help="CSV, gzipped or not")
        parser.add_argument("--from", type=date.fromisoformat, required=True, dest="first", metavar="DATE")
        parser.add_argument("--to", type=date.fromisoformat, dest="last", metavar="DATE", help="default: to the end")
        parser.add_argument("--sample", type=_count, metavar="N", help="so many events only, the same each time")
        parser.add_argument("--cold-start", action="store_true", help="people of whom little is known, too")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        started = perf_counter()
        try:
            result = _evaluate(options)
        except (FileUnusable, LeakFound) as err:
            raise CommandError(str(err)) from err
        result["seconds"] = round(perf_counter() - started, 1)
        for warning in result["warnings"]:
            self.stderr.write(f"Warning: {warning}")
        self.stdout.write(json.dumps(result, indent=2) if options["json"] else _table(result))


def _evaluate(options: dict[str, Any]) -> dict[str, Any]:
    catalogue = read_papers(options["papers"])
    histories, unknown = read_histories(options["interactions"], catalogue)
    span = options["first"], options["last"] or date.max
    if span[1] < span[0]:
        raise CommandError("--to is before --from.")
    if not catalogue.papers:
        raise CommandError(f"{options['papers']} has no paper.")

    def drawn(contests: list[Contest]) -> list[Contest]:
        if not contests:
            raise CommandError("Nobody has a new paper in this time and enough papers before it.")
        return draw(contests, options["sample"]) if options["sample"] else contests

    result = evaluate(catalogue, drawn(weekly(catalogue, histories, *span)))
    if options["cold_start"]:
        result["cold_start"] = evaluate_cold_start(catalogue, drawn(daily(catalogue, histories, *span)))
    return result | {"interactions_with_unknown_papers": unknown}


def _table(result: dict[str, Any]) -> str:
    shown = {name: result[name] for name in ("selection", "text_alone", "digest")} | result["baselines"]
    alike = ", ".join(f"{name} {value:.3f}" for name, value in result["intra_list_similarity"].items())
    lines = [
        f"{result['events']} events of {result['users']} people in {result['weeks']} weeks",
        *_rows(shown),
        f"likeness of the papers in a list: {alike}",
        f"interactions with unknown papers, left out: {result['interactions_with_unknown_papers']}",
        f"seconds: {result['seconds']}",
    ]
    if cold := result.get("cold_start"):
        lines += [
            f"with little known: {cold['events']} events of {cold['users']} people on {cold['days']} days",
            *_rows({name: figures for name, figures in cold.items() if isinstance(figures, dict)}),
        ]
    return "\n".join(lines)


def _rows(shown: dict[str, dict[str, Any]]) -> list[str]:
    return [
        f"{name:20} "
        + "  ".join(f"{figure} {value:.3f}" for figure, value in figures.items() if isinstance(value, float))
        for name, figures in shown.items()
    ]


def _count(value: str) -> int:
    if (count := int(value)) < 1:
        raise ValueError(f"{value} is not a number of events")
    return count
