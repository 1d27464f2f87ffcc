"""How an act is taken in the admin: asked about first, done and written to the history or neither, and told."""

from typing import Any, TypeVar

from django.contrib import messages
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from unfold.admin import ModelAdmin

from newsletter.admin.acts import Act
from newsletter.curating import NotDone
from newsletter.models import Edition

T = TypeVar("T")


def by(request: HttpRequest) -> str:
    """Return who asks, as the log may know it."""
    return f"user {request.user.pk}"


def act_url(edition: Edition, act: Act[Edition]) -> str:
    return reverse(f"admin:newsletter_edition_{act.name}", args=[edition.pk])


def take(admin: ModelAdmin[Any], request: HttpRequest, act: Act[T], thing: T, row: Model) -> bool:
    """Take an act on `thing`, whose row is `row`, and tell how it went; return whether it was possible.

    Raises what the act raises but for NotDone.
    """
    try:
        with transaction.atomic():
            told = act.do(thing, timezone.now(), by(request))
            admin.log_change(request, row, told)
    except NotDone as err:
        admin.message_user(request, f"{row}: {err}", messages.WARNING)
        return False
    admin.message_user(request, f"{row}: {told}", messages.SUCCESS)
    return True
