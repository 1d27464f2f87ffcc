"""Where allauth asks how we do things."""

import base64
import time
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.core import context
from allauth.core.internal.ratelimit import get_ip
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import salted_hmac


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    error_messages = DefaultAccountAdapter.error_messages | {
        # As long as ACCOUNT_RATE_LIMITS says; a whole office that got it wrong waits longer.
        "too_many_login_attempts": "Too many failed attempts to log in. Try again in a quarter of an hour.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # By account and address: whoever guesses somebody's password does not lock that person out elsewhere.
        return f"{get_ip(request)}:{super()._get_login_attempts_cache_key(request, **credentials)}"

    def is_reauthentication_required(self, *, app: str, **_: Any) -> bool:
        """Who logged in a moment ago has just shown who they are."""
        records = get_authentication_records(context.request, context.request.user)
        last_at = records[-1]["at"] if records else 0.0
        return bool(time.time() - last_at >= app_settings.REAUTHENTICATION_TIMEOUT)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Where there is a second factor, a password alone shows nothing: it is what is guessed or stolen."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return [one for one in methods if one["id"] == "mfa_reauthenticate"] or methods

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("admin:index")


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """Keeps secrets of second factors under keys made of SECRET_KEY and its fallbacks."""

    def encrypt(self, text: str) -> str:
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _box().decrypt(encrypted_text.encode()).decode()

    def get_totp_label(self, user: User) -> str:
        # In an app on a phone; the name is enough.
        return user.get_username()


def _box() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derived(key))) for key in keys])


def _derived(key: str) -> bytes:
    return salted_hmac("staff.adapters.MFAAdapter", "", secret=key, algorithm="sha256").digest()
