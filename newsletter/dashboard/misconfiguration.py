"""What our own system checks say of this process: the ones with ids of our apps, and no others."""

from collections.abc import Iterator

from django.core.checks import CheckMessage
from django.core.checks.registry import registry
from django.db import DEFAULT_DB_ALIAS

OURS = ("mail.checks", "staff.checks", "papers.checks", "newsletter.checks")


def findings() -> list[CheckMessage]:
    """Return what is to be mended, the worst first, in the order of the ids."""
    return sorted(_found(), key=lambda message: (-message.level, message.id or ""))


def _found() -> Iterator[CheckMessage]:
    # Django's own look at templates, models and addresses, which takes its time and was done at the start.
    for check in registry.get_checks(include_deployment_checks=True):
        if check.__module__ in OURS:
            yield from check(app_configs=None, databases=[DEFAULT_DB_ALIAS])
