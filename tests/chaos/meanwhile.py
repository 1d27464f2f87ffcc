"""What others do while an edition leaves, each in a process of its own: `python -m tests.chaos.meanwhile WHAT`."""

import sys
from datetime import datetime, timedelta

import django


def leave() -> None:
    """One reader in ten leaves, those last who are due first."""
    from django.utils import timezone  # noqa: PLC0415  Django has to be set up first

    from subscribers.models import Subscriber  # noqa: PLC0415
    from subscribers.optin import unsubscribe  # noqa: PLC0415

    for reader in Subscriber.objects.order_by("-pk")[: Subscriber.objects.count() // 10]:
        unsubscribe(reader, source="page", at=timezone.now())


def erase() -> None:
    """One reader in ten is erased."""
    from django.utils import timezone  # noqa: PLC0415

    from newsletter.erasure import erase as erase_reader  # noqa: PLC0415
    from subscribers.models import Subscriber  # noqa: PLC0415

    for reader in Subscriber.objects.order_by("-pk")[: Subscriber.objects.count() // 10]:
        erase_reader(reader, timezone.now())


def edit() -> None:
    """Every paper of the edition gets a note and another place."""
    from newsletter.models import EditionEntry  # noqa: PLC0415

    for entry in EditionEntry.objects.all():
        entry.note, entry.is_hidden, entry.position = "Put here while it was leaving", bool(entry.rank % 2), 1
        entry.save()


def hurry() -> None:
    """A process whose clock is an hour fast sweeps once, and sends beside the others."""
    from django.utils import timezone  # noqa: PLC0415

    from newsletter.claiming import release_expired  # noqa: PLC0415
    from newsletter.delivery import send_due  # noqa: PLC0415

    def clock() -> datetime:
        return timezone.now() + timedelta(hours=1)

    release_expired(clock())
    send_due(clock, until=clock() + timedelta(seconds=30))


if __name__ == "__main__":
    django.setup()
    {"leave": leave, "erase": erase, "edit": edit, "hurry": hurry}[sys.argv[1]]()
