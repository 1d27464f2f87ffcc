"""Enhanced status codes of mail servers (RFC 3463), such as 5.1.1: no such mailbox."""

import re

STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b", re.ASCII)


def is_permanent_status(text: str) -> bool | None:
    """Return whether the first code in `text` says that the mailbox will never take a message; None without a code.

    What is said of a mailbox that is full, or of a policy, may be otherwise tomorrow.
    """
    found = STATUS.search(text)
    if found is None:
        return None
    kind, subject, detail = found.groups()
    return kind == "5" and (subject == "1" or (subject, detail) in {("2", "1"), ("0", "0")})


def code_in(text: str) -> str:
    """Return the first code in `text`, or nothing."""
    found = STATUS.search(text)
    return found.group() if found else ""
