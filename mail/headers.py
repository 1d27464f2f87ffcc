"""What may stand in a mail header: words, on one line of bounded length; what machines act on, exact or not at all."""

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import quote

# Control characters, line ends, marks that turn the direction of text, and halves of characters, which no encoding has.
FORBIDDEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
# What we name things by: no blank, no colon, nothing that a header or a file name gives a meaning to.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
# A link as RFC 2369 has it between angle brackets. It cannot be folded, and a line ends after 998 octets at the latest.
URL = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&'()*+;=%\[\]-]{1,900}")


def one_line(text: str, limit: int = 200) -> str:
    """Return `text` as one line of at most `limit` characters, cut at a word where it can be.

    Some backends hand control characters to the provider as they are, so no words reach a header without this.
    """
    line = " ".join(unicodedata.normalize("NFC", FORBIDDEN.sub(" ", text)).split())
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    return f"{cut.rsplit(' ', 1)[0] if ' ' in cut else cut}…"


def exact(text: str, form: re.Pattern[str]) -> str:
    """Return `text`, which has this form. Raises ValueError otherwise: cut or cleaned it would mean something else.

    The error does not repeat it, since links act for a reader.
    """
    if not form.fullmatch(text):
        raise ValueError("a name or link that no header may hold")
    return text


@dataclass(frozen=True)
class ListMail:
    """What mail to a list says of it besides its name. All but the link to leave is the same for every reader."""

    edition: str
    unsubscribe_url: str
    archive_url: str


def list_headers(mail: ListMail, list_id: str, contact: str) -> dict[str, str]:
    """Return what lets mail programs sort list mail, and leave the list with one click (RFC 2919, 2369, 8058)."""
    return {
        "List-Id": f"Paper Route digest <{list_id}>",
        "List-Unsubscribe": f"<{exact(mail.unsubscribe_url, URL)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Help": f"<mailto:{quote(contact, safe='@')}?subject=help>",
        "List-Archive": f"<{exact(mail.archive_url, URL)}>",
        "List-Post": "NO",
    }


def feedback_id(tag: str, domain: str, mail: ListMail | None) -> str:
    """Return by what Gmail counts complaints: edition, list, stream and sender, nothing that tells one reader.

    Of a letter, which is of no list: what it is about. The sender's part has 5 to 15 characters and never changes.
    """
    sender = re.sub("[^a-z0-9]", "", domain.lower())[:15].ljust(5, "0")
    said = f"{exact(mail.edition, NAME)}:{tag}:digest" if mail else f"{tag}:none:letter"
    return f"{said}:{sender}"
