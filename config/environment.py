"""Reads what the environment says, with an embedded default for everything. Raises ImproperlyConfigured by name."""

import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

YES = {"1", "true", "yes", "on"}
NO = {"", "0", "false", "no", "off"}


def require_all(names: Iterable[str], *either: Iterable[str]) -> None:
    """Raise ImproperlyConfigured with every one of `names` that is not set, and each of `either` of which none is."""
    missing = [name for name in names if not _word(name)]
    missing += [" or ".join(some) for some in either if not any(map(_word, some))]
    if missing:
        raise ImproperlyConfigured(f"In production these variables must be set: {', '.join(missing)}.")


def secret(name: str, *, var_dir: Path) -> str:
    """Return the secret `name`; one that is not set is made, and kept under `var_dir`."""
    return _word(name) or _kept_secret(var_dir / f"{name.lower()}.txt")


def secret_list(name: str, *, var_dir: Path) -> list[str]:
    """Return the secrets in the comma-separated variable `name`: at least one. Raises when one is empty."""
    secrets_given = [one.strip() for one in secret(name, var_dir=var_dir).split(",")]
    if not all(secrets_given):
        # Django would sign with SECRET_KEY in place of an empty one, and nobody would know.
        raise ImproperlyConfigured(f"{name} has an empty entry: remove the comma too many.")
    return secrets_given


def _kept_secret(path: Path) -> str:
    # Several processes may start at once: a complete file is linked into place, and the first link wins.
    if not path.exists():
        draft = path.with_suffix(f".{secrets.token_hex(8)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was first; its secret is the one that counts
        finally:
            draft.unlink()
    return path.read_text()


def flag(name: str) -> bool:
    """Return whether the variable `name` says yes; not set means no. A word that is neither is refused.

    Read as a plain "no", a typing error would take production down to the safety of a demo.
    """
    word = _word(name).lower()
    if word not in YES | NO:
        raise ImproperlyConfigured(f"{name} must be 1 or 0, not {word!r}.")
    return word in YES


def number(name: str, default: int, *, minimum: int, maximum: int) -> int:
    """Return the whole number in the variable `name`, between `minimum` and `maximum`."""
    word = _word(name) or str(default)
    if not (word.isdecimal() and minimum <= int(word) <= maximum):
        raise ImproperlyConfigured(f"{name} must be a whole number from {minimum} to {maximum}, not {word!r}.")
    return int(word)


def choices(name: str, default: list[str], *, known: Iterable[str]) -> list[str]:
    """Return the words in the comma-separated variable `name`, each one of `known`."""
    words = [word.strip() for word in _word(name).split(",")] if _word(name) else default
    if strangers := [word for word in words if word not in known]:
        raise ImproperlyConfigured(f"{name} may name {', '.join(known)}, not {', '.join(map(repr, strangers))}.")
    return words


def anymail_settings() -> dict[str, Any]:
    """Return Anymail's own settings: each ANYMAIL_… variable under Anymail's name, but for those that are ours."""
    given = {
        name.removeprefix("ANYMAIL_"): value
        for name, value in os.environ.items()
        if name.startswith("ANYMAIL_") and value.strip()
    }
    if unwanted := [name for name in given if "IGNORE_" in name]:
        raise ImproperlyConfigured(f"ANYMAIL_{unwanted[0]} would hide what becomes of a message; leave it out.")
    return {name: value for name, value in given.items() if name not in {"PROVIDER", "REQUESTS_TIMEOUT"}}


def _word(name: str) -> str:
    return os.environ.get(name, "").strip()


def once_only() -> object:
    """Return what makes Amazon's client ask once and never again by itself. Raises when it is not installed."""
    try:
        from botocore.config import Config  # noqa: PLC0415  an extra, for those who send by Amazon
    except ImportError as err:
        raise ImproperlyConfigured("Amazon SES needs `pip install django-anymail[amazon-ses]`.") from err
    return Config(retries={"total_max_attempts": 1})
