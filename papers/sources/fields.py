"""What a source may say in each field of a paper. A row that breaks a rule is refused with the reason."""

import re
from urllib.parse import urlsplit

from papers.arxiv_ids import read_id
from papers.sources.base import MAX_TITLE
from papers.text import has_html, readable

GITHUB_LINK = re.compile(
    r"https?://(?:www\.)?github\.com/([A-Za-z0-9][A-Za-z0-9-]{0,38})/([A-Za-z0-9._-]{1,100})", re.ASCII
)
# First parts of GitHub's own pages, which look like those of an owner.
NO_OWNERS = frozenset(
    {"about", "apps", "collections", "features", "marketplace", "orgs", "settings", "sponsors", "topics"}
)


class RowRefused(Exception):
    """This row cannot become a paper; the message says why."""


def check_text(value: object, name: str, limit: int) -> str:
    """Return `value` as text, empty where nothing was told."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RowRefused(f"{name} is not text")
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise RowRefused(f"{name} is not UTF-8")
    if len(value) > limit:
        raise RowRefused(f"{name} has {len(value):,} characters, more than {limit:,}")
    return value


def check_title(value: object) -> str:
    """Return a title made readable; a paper has one."""
    title = readable(check_text(value, "title", MAX_TITLE))
    if not title:
        raise RowRefused("missing title")
    if len(title) > MAX_TITLE:  # normal form C may be longer than what was sent
        raise RowRefused(f"title has {len(title):,} characters, more than {MAX_TITLE:,}")
    if has_html(title):
        raise RowRefused("HTML in the title")
    return title


def check_arxiv_id(value: object) -> str:
    """Return an arXiv id without its version."""
    found = read_id(value) if isinstance(value, str) else None
    if not found:
        raise RowRefused("missing id" if value in (None, "") else "id is not an arXiv id")
    return found


def link_in(value: str) -> str:
    """Return `value` as a link that a browser may follow, or nothing. A link is an extra: the paper stays without."""
    # As a browser does: line breaks and tabs inside an address are not part of it.
    link = re.sub(r"[\t\r\n]", "", value).strip()
    try:
        scheme = urlsplit(link).scheme
    except ValueError:
        return ""
    return link if scheme in {"http", "https"} and not re.search(r"[\s<>\"\x00-\x1f\x7f]", link) else ""


def repository_in(text: str) -> str:
    """Return owner/name of the first GitHub repository that `text` links to, as it is written, or nothing."""
    for owner, name in GITHUB_LINK.findall(text):
        # A sentence may end after a link, and a clone address ends in .git.
        trimmed = re.sub(r"\.git$", "", name.rstrip("."))
        if owner.lower() not in NO_OWNERS and trimmed.strip("."):
            return f"{owner}/{trimmed}"
    return ""
