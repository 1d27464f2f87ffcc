"""The size and the headers of a mail, as the rules for senders and the standards have them."""

from collections.abc import Sequence

from tests.every_mail import Mail
from tests.judges.verdicts import Finding, Verdict

# Gmail clips what is longer than about 102 kB. Octets of the encoded HTML part.
LARGEST = 90_000
LARGEST_USUAL = 45_000
USUAL_PAPERS = 10
# RFC 5322, without the line's end.
LONGEST_LINE = 998
ALWAYS = [
    "Date",
    "Message-ID",
    "From",
    "To",
    "Reply-To",
    "Subject",
    "MIME-Version",
    "Content-Type",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "Feedback-ID",
]
OF_LISTS = ["List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Help", "List-Archive", "List-Post"]


def judge_sizes(mails: Sequence[Mail]) -> Verdict:
    """Find HTML parts that are too large, and lines that are too long."""
    sizes = {mail.name: mail.html_size for mail in mails}
    lines = {mail.name: max(map(len, mail.raw.split(b"\r\n"))) for mail in mails}
    findings = [
        Finding(mail.name, f"{sizes[mail.name]} octets of HTML")
        for mail in mails
        if sizes[mail.name] > (LARGEST if mail.papers > USUAL_PAPERS else LARGEST_USUAL)
    ]
    findings += [Finding(name, f"a line of {length} octets") for name, length in lines.items() if length > LONGEST_LINE]
    largest = max(sizes, key=sizes.__getitem__)
    longest = max(lines, key=lines.__getitem__)
    return Verdict(
        findings,
        f"largest HTML: {sizes[largest] / 1000:.1f} kB of {LARGEST / 1000:.0f} ({largest}), "
        f"longest line {lines[longest]} of {LONGEST_LINE} ({longest})",
    )


def judge_headers(mails: Sequence[Mail]) -> Verdict:
    """Find headers that are missing, or there more than once; and those of lists in a letter that is of none."""
    findings = []
    for mail in mails:
        wanted = dict.fromkeys(ALWAYS, 1) | dict.fromkeys(OF_LISTS, int(mail.is_of_list))
        counts = {name: len(mail.read.get_all(name, [])) for name in wanted}
        findings += [Finding(mail.name, f"{name}: {counts[name]}") for name in wanted if counts[name] != wanted[name]]
    expected = len(ALWAYS) + len(OF_LISTS)
    return Verdict(findings, f"headers: {len(findings)} wrong, {expected} looked for in {len(mails)} mails")
