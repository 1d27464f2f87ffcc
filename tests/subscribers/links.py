"""The links of readers, as a browser opens them, and what the preferences form sends."""

from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.utils import timezone

from subscribers.links import confirm_url, preferences_url, unsubscribe_url
from subscribers.models import Subscriber

Link = Callable[[Subscriber, datetime], str]
LINKS: list[Link] = [confirm_url, preferences_url, unsubscribe_url]


def path_of(link: Link, reader: Subscriber, *, ago: timedelta = timedelta()) -> str:
    """The path of a reader's link, made some time `ago`."""
    return urlsplit(link(reader, timezone.now() - ago)).path


def choices(**changes: object) -> dict[str, object]:
    """The preferences form as a browser sends it."""
    usual: dict[str, object] = {
        "topics": [],
        "interests": "graphs\r\nrobotics",
        "followed_authors": "Ada Lovelace",
        "muted_words": "blockchain",
        "size": "12",
        "cadence": "daily",
        "weekday": "0",
        "hour": "6",
        "time_zone": "Europe/Vienna",
        "paused_until": "",
    }
    return usual | changes
