import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from newsletter.leftovers import late_drafts, open_editions, unknown_ids
from newsletter.management.editions import edition_of, latest_edition
from newsletter.models import Alert, Edition
from newsletter.progress import Progress, progress_of

BAR = 40
# Of what may have left, so many are named.
NAMED = 20
# Seconds between two looks of a watch: each counts the whole ledger of the edition, beside those who send.
LOOK_EVERY = 5
CLEAR_LINE = "\r\x1b[K"


class Command(BaseCommand):
    help = "Say how far an edition has come, and what to do next."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("period", nargs="?", help="such as 2026-11-23 or 2026-W47; default: the latest closed one")
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--watch", action="store_true", help="until it is sent, cancelled or you press Ctrl-C")
        form.add_argument("--json", action="store_true")
        parser.add_argument("--all", action="store_true", help="name all that may have left, not just the first")

    def handle(self, *args: Any, **options: Any) -> None:
        edition = edition_of(options["period"]) if options["period"] else latest_edition()
        if options["watch"]:
            self._watch(edition)
        progress = progress_of(edition, timezone.now())
        alerts = list(Alert.objects.standing().filter(edition=edition).values_list("text", flat=True))
        unknown = [str(pk) for pk in unknown_ids(edition, None if options["all"] else NAMED)]
        if options["json"]:
            self.stdout.write(json.dumps(_as_data(progress, alerts) | {"unknown": unknown}, indent=2))
            return
        others = [] if options["period"] else [*late_drafts(progress.at), *open_editions()]
        also = [_also(other) for other in others if other != edition]
        lines = [*_lines(progress, alerts), *_named(unknown, progress), *also]
        self.stdout.write("\n".join(lines))

    def _watch(self, edition: Edition) -> None:
        """Redraw one line every few seconds on a terminal; elsewhere write a new one when something has changed."""
        is_terminal, last = self.stdout.isatty(), ""
        try:
            while True:
                edition.refresh_from_db(fields=["status", "paused_at", "pause_reason", "audience"])
                progress = progress_of(edition, timezone.now())
                line = _bar(progress) if is_terminal else _line(progress)
                if line != last:
                    self.stdout.write(CLEAR_LINE + line if is_terminal else line, ending="" if is_terminal else "\n")
                    self.stdout.flush()
                if progress.is_sent or edition.status == Edition.Status.CANCELLED:
                    break
                last = line
                time.sleep(LOOK_EVERY)
        except KeyboardInterrupt:
            pass
        if is_terminal:
            self.stdout.write("")


def _bar(progress: Progress) -> str:
    filled = BAR * progress.settled // progress.total if progress.total else 0
    return f"[{'#' * filled}{'.' * (BAR - filled)}] {_line(progress)}"


def _line(progress: Progress) -> str:
    words = [f"{progress.settled:,} of {progress.total:,} settled"]
    words += [f"{progress.per_minute:,} a minute"] if progress.per_minute else []
    words += [f"until {progress.finishes_at:%H:%M} UTC"] if progress.finishes_at else []
    words += ["paused"] if progress.edition.paused_at else []
    words += ["all mail is stopped"] if progress.mail_stopped else []
    return ", ".join(words)


def _lines(progress: Progress, alerts: list[str]) -> list[str]:
    edition = progress.edition
    state = "sent" if progress.is_sent else edition.status
    lines = [f"Edition {edition}: {state}{', paused' if edition.paused_at else ''}"]
    lines += [f"{count:>10,}  {_name(status)}" for status, count in progress.counts.items() if count]
    lines += [f"{count:>10,}    {reason.replace('_', ' ')}" for reason, count in sorted(progress.skipped.items())]
    lines += [f"{progress.total:>10,}  in all, {edition.audience:,} readers"]
    lines += [f"{hour.count:>10,}  due from {hour.starts_at:%Y-%m-%d %H:%M} UTC on" for hour in progress.hours]
    if progress.per_minute:
        lines.append(f"Rate: {progress.per_minute:,} a minute, all editions together")
    if progress.finishes_at:
        lines.append(f"Predicted to finish: {progress.finishes_at:%Y-%m-%d %H:%M} UTC")
    if progress.oldest_lease:
        lines.append(f"Oldest lease: until {progress.oldest_lease:%Y-%m-%d %H:%M:%S} UTC")
    lines += [f"Alert: {text}" for text in alerts]
    return [*lines, *(f"Next: {step}" for step in progress.next_steps)]


def _named(unknown: list[str], progress: Progress) -> list[str]:
    """What may have left, as a provider's log knows it."""
    more = progress.counts["unknown"] - len(unknown)
    lines = [f"May have left: Message-ID <{pk}@…>" for pk in unknown]
    return [*lines, f"May have left: and {more:,} more; --all names them"] if more > 0 else lines


def _also(other: Edition) -> str:
    what = "still to be sent" if other.status == Edition.Status.CLOSED else "should have closed"
    return f"Also {what}: {other}. See edition_status {other.period}."


def _name(status: str) -> str:
    # What a provider has taken is not yet in anybody's mailbox.
    return "submitted" if status == "accepted" else status.replace("_", " ")


def _as_data(progress: Progress, alerts: list[str]) -> dict[str, Any]:
    def text(moment: Any) -> str | None:
        return moment.isoformat() if moment else None

    edition = progress.edition
    return {
        "kind": edition.kind,
        "period": edition.period,
        "status": edition.status,
        "paused_at": text(edition.paused_at),
        "is_sent": progress.is_sent,
        "audience": edition.audience,
        "adds_up": progress.adds_up,
        "counts": progress.counts,
        "skipped": progress.skipped,
        "per_minute": progress.per_minute,
        "finishes_at": text(progress.finishes_at),
        "leave_in_time": progress.in_time,
        "said": progress.said,
        "slowed_until": text(progress.slowed_until),
        "limited_until": text(progress.used_up.until if progress.used_up else None),
        "oldest_lease": text(progress.oldest_lease),
        "mail_stopped": progress.mail_stopped,
        "alerts": alerts,
        "next_steps": progress.next_steps,
    }
