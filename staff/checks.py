"""What `manage.py check --deploy --database default` says of the people who work here."""

from collections.abc import Sequence
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004  Django's name for it
from django.db.models import Exists, OuterRef, Q

from staff.roles import OWNER


@register(Tags.database, deploy=True)
def check_owner(databases: Sequence[str] | None = None, **_: Any) -> Sequence[CheckMessage]:
    """Warn when nobody may do everything."""
    owners = get_user_model()._default_manager.filter(
        Q(is_superuser=True) | Q(groups__name=OWNER), is_staff=True, is_active=True
    )
    if not databases or owners.exists():
        return []
    hint = "Make one: manage.py createsuperuser, or put somebody into the group Owner."
    return [Warning("Nobody owns this site.", hint=hint, id="staff.W001")]


@register(Tags.database, deploy=True)
def check_second_factors(databases: Sequence[str] | None = None, **_: Any) -> Sequence[CheckMessage]:
    """Warn of people whose password alone lets a stranger set up the second factor."""
    if not databases:
        return []
    factors = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
    people = get_user_model()._default_manager.filter(~Exists(factors), is_staff=True, is_active=True)
    count = people.count()
    if not count:
        return []
    who = "1 person of the staff has" if count == 1 else f"{count} people of the staff have"
    hint = "Let them log in and set it up, or take them off the staff. Until then their password opens everything."
    return [Warning(f"{who} no second factor yet.", hint=hint, id="staff.W002")]
