"""What a judge says: the faults it found, and a line with its figures."""

from dataclasses import dataclass


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
