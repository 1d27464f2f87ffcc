"""How an act upon an edition is taken in the admin: done and written to the history, or neither; and told."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from unfold.admin import ModelAdmin

from newsletter.admin.acts import Act
from newsletter.curating import NotDone
from newsletter.models import Edition


def by(request: HttpRequest) -> str:
    """Return who asks, as the log may know it."""
    return f"user {request.user.pk}"


def act_url(edition: Edition, act: Act) -> str:
    return reverse(f"admin:newsletter_edition_{act.name}", args=[edition.pk])


def take(admin: ModelAdmin[Any], request: HttpRequest, edition: Edition, act: Act) -> bool:
    """Take an act and tell how it went; return whether it was possible. Raises what the act raises but for NotDone."""
    try:
        with transaction.atomic():
            told = act.do(edition, timezone.now(), by(request))
            admin.log_change(request, edition, told)
    except NotDone as err:
        admin.message_user(request, f"{edition}: {err}", messages.WARNING)
        return False
    admin.message_user(request, f"{edition}: {told}", messages.SUCCESS)
    return True
