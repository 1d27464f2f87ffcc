"""The Nu HTML checker of the W3C: what is no HTML by the standard. One Java process for all."""

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.every_mail import Mail
from tests.judges.verdicts import HERE, Finding, Verdict, allowed_by

JAR = HERE / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
# Pattern of a message about mail to the reason why it is no fault there.
IN_MAIL = allowed_by("nu-mail")


def judge_mails(mails: Sequence[Mail], folder: Path, allowed: Mapping[str, str] = IN_MAIL) -> Verdict:
    """Find what the checker says of mails but is not `allowed` there, and what is allowed in vain."""
    return _judge({mail.name: mail.html for mail in mails}, folder, allowed, "mails")


def judge_pages(pages: Mapping[str, str], folder: Path) -> Verdict:
    """Find whatever it says of pages, given by name."""
    return _judge(pages, folder, {}, "pages")


def _judge(documents: Mapping[str, str], folder: Path, allowed: Mapping[str, str], what: str) -> Verdict:
    said = messages(documents, folder)
    met = {pattern: [found for found in said if re.search(pattern, found.what)] for pattern in allowed}
    findings = [found for found in said if not any(found in those for those in met.values())]
    count = len(findings)
    findings += [Finding("allowed.toml", f"nothing has: {pattern}") for pattern in allowed if not met[pattern]]
    return Verdict(findings, f"Nu: {count} messages, {len(said) - count} allowed, in {len(documents)} {what}")


def messages(documents: Mapping[str, str], folder: Path) -> list[Finding]:
    """Return all errors and warnings of these documents."""
    for name, html in documents.items():
        (folder / f"{name}.html").write_text(html, encoding="utf-8")
    paths = [folder / f"{name}.html" for name in documents]
    # Its exit code says whether it found something, which its answer says too.
    told = subprocess.run(
        ["java", "-jar", JAR, "--format", "json", "--stdout", *paths], check=False, capture_output=True, text=True
    )
    return [_finding(message) for message in json.loads(told.stdout)["messages"]]


def _finding(message: Mapping[str, str]) -> Finding:
    kind = message.get("subType", message["type"])
    extract = " ".join(message.get("extract", "").split())
    return Finding(Path(message["url"]).stem, f"{kind}: {message['message']} {extract}")
