"""Who looks after one reader at a time opens so many an hour, each noted by number: not all of them in a loop."""

import logging
from datetime import timedelta
from typing import Any

from django.contrib.admin import ModelAdmin
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from subscribers.abuse import is_within

logger = logging.getLogger(__name__)

READERS_AN_HOUR = 60
# A reader who was opened within this time is not counted anew.
HOUR = timedelta(hours=1)


def may_browse(request: HttpRequest) -> bool:
    return request.user.has_perm("subscribers.browse_subscriber")


def may_open(request: HttpRequest, reader_id: int) -> bool:
    """Note that somebody opens a reader, and return whether they may: who may browse always, others so many an hour."""
    user_id = request.user.pk
    opened = f"reader-opened-{user_id}-{reader_id}"
    if may_browse(request) or cache.get(opened):
        return True
    if not is_within(f"{READERS_AN_HOUR}/hour", "readers opened", str(user_id)):
        logger.warning("User %s opened %s readers within an hour, and wants more", user_id, READERS_AN_HOUR)
        return False
    cache.set(opened, True, HOUR.total_seconds())
    logger.info("User %s opens reader %s", user_id, reader_id)
    return True


def too_many_opened(admin: ModelAdmin[Any], request: HttpRequest) -> HttpResponse:
    context = admin.admin_site.each_context(request) | {
        "title": "That were many readers",
        "opts": admin.opts,
        "most": READERS_AN_HOUR,
    }
    return TemplateResponse(request, "admin/newsletter/too_many_readers.html", context, status=429)
