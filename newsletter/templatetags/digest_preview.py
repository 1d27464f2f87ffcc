from typing import Any

from django import template
from django.utils import timezone

from newsletter.preview import preview_picks
from subscribers.models import Subscriber
from subscribers.preferences import Preferences

register = template.Library()


@register.inclusion_tag("newsletter/_digest_preview.html")
def digest_preview(preferences: Preferences, reader: Subscriber | None = None) -> dict[str, Any]:
    """The digest that these preferences make today, for pages; nothing in it leads away from what is being chosen."""
    return {"shown": preview_picks(preferences, timezone.now(), reader)}
