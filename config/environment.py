"""Reads what the environment says, with an embedded default for everything."""

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def secret(name: str, *, production: bool, var_dir: Path) -> str:
    """Return the secret `name`; in production it must be set, elsewhere one is made and kept under `var_dir`.

    Raises ImproperlyConfigured, naming the variable, when production lacks it.
    """
    if value := os.environ.get(name, "").strip():
        return value
    if production:
        raise ImproperlyConfigured(f"{name} must be set in production.")
    return _kept_secret(var_dir / f"{name.lower()}.txt")


def secret_list(name: str, *, production: bool, var_dir: Path) -> list[str]:
    """Return the secrets in the comma-separated variable `name`: at least one, and none empty. Raises as secret()."""
    secrets_given = [one.strip() for one in secret(name, production=production, var_dir=var_dir).split(",")]
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


def required(name: str, *, production: bool, embedded: str) -> str:
    """Return the variable `name`; the `embedded` value stands in for it outside production only."""
    if value := os.environ.get(name, "").strip():
        return value
    if production:
        raise ImproperlyConfigured(f"{name} must be set in production.")
    return embedded
