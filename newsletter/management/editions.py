"""Commands about one edition, which is named by its period: 2026-11-23 or 2026-W47."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from newsletter.models import Edition
from newsletter.periods import Period

# Who did it, for the log.
BY = "a command"


class EditionCommand(BaseCommand):
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("period", help="of the edition, such as 2026-11-23 or 2026-W47")


def edition_of(period: str) -> Edition:
    """Return the edition of `period`. Raises CommandError that names what there is instead."""
    try:
        about = str(Period.parse(period))
    except ValueError as err:
        raise CommandError(f"{period} is no day like 2026-11-23, and no week like 2026-W47.") from err
    edition = Edition.objects.defer("fragments").filter(period=about).first()
    if edition is None:
        latest = ", ".join(Edition.objects.values_list("period", flat=True)[:5])
        raise CommandError(f"There is no edition {about}. The latest: {latest or 'none yet'}.")
    return edition


def latest_edition() -> Edition:
    """Return the latest edition that is not a draft. Raises CommandError when there is none."""
    edition = Edition.objects.defer("fragments").exclude(status=Edition.Status.DRAFT).first()
    if edition is None:
        raise CommandError("No edition has closed yet.")
    return edition
