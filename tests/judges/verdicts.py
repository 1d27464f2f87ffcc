"""What a judge says: the faults it found, and a line with its figures."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Finding:
    """A fault, and the mail or page that has it."""

    where: str
    what: str


@dataclass(frozen=True)
class Verdict:
    """Everything that is wrong, and how far from wrong the rest is."""

    findings: list[Finding]
    figure: str


def allowed_by(judge: str) -> dict[str, str]:
    """Return what `judge` finds and may be there, with the reason."""
    allowed: dict[str, str] = tomllib.loads((HERE / "allowed.toml").read_text(encoding="utf-8"))[judge]
    return allowed
