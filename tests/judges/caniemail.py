"""What of the HTML the mail programs of most readers do not support, by the tables of caniemail.com."""

import json
import subprocess
from collections.abc import Mapping, Sequence

from tests.every_mail import Mail
from tests.judges.verdicts import HERE, Finding, Verdict, allowed_by

# Feature to the reason why it may be used: what becomes of it where it is not supported.
ALLOWED = allowed_by("caniemail")


def judge(mails: Sequence[Mail], allowed: Mapping[str, str] = ALLOWED) -> Verdict:
    """Find features that some mail program lacks and that are not `allowed`, and what is allowed in vain."""
    used = _unsupported(mails)
    findings = [
        Finding(name, f"{feature} is not supported by {', '.join(clients)}")
        for name, features in used.items()
        for feature, clients in features.items()
        if feature not in allowed
    ]
    unmet = allowed.keys() - set().union(*used.values())
    findings += [Finding("allowed.toml", f"nothing has: {feature}") for feature in sorted(unmet)]
    return Verdict(
        findings, f"caniemail: {len(findings)} errors, {len(allowed)} features allowed, in {len(mails)} mails"
    )


def _unsupported(mails: Sequence[Mail]) -> dict[str, dict[str, list[str]]]:
    asked = json.dumps([{"name": mail.name, "html": mail.html} for mail in mails])
    command = ["node", str(HERE / "caniemail.mjs")]
    told = subprocess.run(command, input=asked, check=True, capture_output=True, text=True)
    return {mail["name"]: mail["features"] for mail in json.loads(told.stdout)}
