"""SpamAssassin's rules, all mails by one process, with nothing asked of anybody outside and nothing learnt."""

import mailbox
import re
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from tests.every_mail import Mail
from tests.judges.verdicts import Finding, Verdict

BELOW = 2.0
COMMAND = ["spamassassin", "--local", "--nocreate-prefs", "--prefspath=/dev/null", "--mbox"]
SETTINGS = ["use_bayes 0", "use_auto_whitelist 0", "add_header all Rules _TESTSSCORES(,)_"]
# What a mail has only after the way it did not go here.
OF_THE_WAY = {"NO_RELAYS", "NO_RECEIVED"}
# Whatever they cost.
NEVER = {
    "HTML_FONT_LOW_CONTRAST",
    "HTML_FONT_TINY",
    "HTML_MIME_NO_HTML_TAG",
    "HTTPS_HTTP_MISMATCH",
    "INVALID_DATE",
    "INVALID_MSGID",
    "MIME_HEADER_CTYPE_ONLY",
    "MIME_HTML_MOSTLY",
    "MIME_HTML_ONLY",
    "MIME_QP_LONG_LINE",
    "MISSING_DATE",
    "MISSING_FROM",
    "MISSING_HEADERS",
    "MISSING_MID",
    "MISSING_MIMEOLE",
    "MISSING_SUBJECT",
    "MPART_ALT_DIFF",
    "MPART_ALT_DIFF_COUNT",
    "SUBJ_ILLEGAL_CHARS",
}


def judge(mails: Sequence[Mail], folder: Path) -> Verdict:
    """Find mails that cost BELOW points or more, or meet a rule of NEVER. Works in `folder`."""
    results = _points_of(mails, folder)
    assert results.keys() == {mail.name for mail in mails}
    sums = {
        name: sum(points for rule, points in rules.items() if rule not in OF_THE_WAY) for name, rules in results.items()
    }
    findings = [Finding(name, f"{total:.1f} points: {results[name]}") for name, total in sums.items() if total >= BELOW]
    findings += [Finding(name, rule) for name, rules in results.items() for rule in sorted(NEVER & rules.keys())]
    worst = max(sums, key=sums.__getitem__)
    return Verdict(findings, f"SpamAssassin: highest {sums[worst]:.1f} of {BELOW} ({worst})")


def _points_of(mails: Sequence[Mail], folder: Path) -> dict[str, dict[str, float]]:
    """Return the points of each rule that a mail meets, by the mail's name."""
    with closing(mailbox.mbox(folder / "mails.mbox")) as box:
        for mail in mails:
            # They come back in an order of their own.
            box.add(f"X-Judged: {mail.name}\r\n".encode() + mail.raw)
    settings = [f"--cf={line}" for line in SETTINGS]
    judged = subprocess.run([*COMMAND, *settings, folder / "mails.mbox"], check=True, capture_output=True)
    (folder / "judged.mbox").write_bytes(judged.stdout)
    with closing(mailbox.mbox(folder / "judged.mbox")) as judged_mails:
        return {mail["X-Judged"]: _rules(mail["X-Spam-Rules"]) for mail in judged_mails}


def _rules(header: str) -> dict[str, float]:
    return {rule: float(points) for rule, points in re.findall(r"(\w+)=(-?[\d.]+)", header)}
