"""People who work here, of each role, logged in as they would be."""

import time

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.contrib.auth.models import Group, User
from django.test import Client

PASSWORD = "a long walk before breakfast"


def make_staff(role: str, username: str = "") -> User:
    """Make somebody of this role who has a password, and no second factor yet."""
    user = User.objects.create_user(username or f"{role.lower()}-{User.objects.count()}", password=PASSWORD)
    user.is_staff = True
    user.save()
    user.groups.add(Group.objects.get(name=role))
    return user


def staff_client(role: str) -> Client:
    """A client of somebody of this role who has given both factors."""
    return client_of(make_staff(role))


def client_of(user: User) -> Client:
    """A client of this person, who has given a password and a code."""
    client = Client()
    client.force_login(user)
    if not Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists():
        secret_of(user)
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        {"method": "password", "at": time.time(), "username": user.username},
        {"method": "mfa", "at": time.time(), "type": Authenticator.Type.TOTP},
    ]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return client


def secret_of(user: User) -> str:
    """Set up a second factor of this person; return what their phone knows."""
    secret: str = generate_totp_secret()
    TOTP.activate(user, secret)
    RecoveryCodes.activate(user)
    return secret


def code_of(secret: str) -> str:
    """Return what the phone shows now."""
    code: str = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    return code
