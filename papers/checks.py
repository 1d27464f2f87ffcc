"""What `manage.py check --deploy` says of reading papers. docs/operations.md tells what each id means."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004  Django's name for it

from papers.sources import sample


@register(Tags.security, deploy=True)
def check_sources(**_: Any) -> Sequence[CheckMessage]:
    """Warn when readers get papers of a made-up day."""
    if not settings.PRODUCTION or sample.NAME not in settings.PAPERS_SOURCES:
        return []
    hint = "Take sample out of PAPERS_SOURCES; unset, it names the sources that are real."
    return [Warning("Sample papers are mixed into what readers get.", hint=hint, id="papers.W001")]
