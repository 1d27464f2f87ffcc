from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone
from django.utils.dateformat import format as in_format

from newsletter.due import next_digest_at
from newsletter.preview import preview_picks
from subscribers.local_time import zone_of
from subscribers.models import Subscriber
from subscribers.preferences import Preferences

register = template.Library()


@register.inclusion_tag("newsletter/_digest_preview.html")
def digest_preview(preferences: Preferences, reader: Subscriber | None = None) -> dict[str, Any]:
    """The digest that these preferences make today, for pages; nothing in it leads away from what is being chosen."""
    return {"shown": preview_picks(preferences, timezone.now(), reader)}


@register.simple_tag
def next_digest(reader: Subscriber) -> str:
    """When the next digest of `reader` comes, in the words of a clock there; nothing where none is in sight."""
    due = next_digest_at(reader, timezone.now())
    if due is None:
        return ""
    zone = zone_of(reader)
    return f"{in_format(due.astimezone(ZoneInfo(zone)), 'l j F Y, H:i')} ({zone.replace('_', ' ')})"
