"""What somebody who wrote words for readers forgot in them. Pure."""

import re

# Each way people mark what is still to be written, and what a program was to fill in.
PLACEHOLDERS = re.compile(
    r"""
      \{\{.*?\}\} | \{%.*?%\} | \{\{ | \}\} | \{% | %\}                # of templates
    | \$\{[^}]*\} | %\(\w+\)s | \*\|\w+\|\*                           # of other programs
    | \[(?:insert|your|first|last|add)?\s*(?:name|date|link|url|title|topic|text|number|paper|here|intro|tbd|tk)\]
    | \blorem\s+ipsum\b
    | (?-i:\b(?:TODO|FIXME|TBD|XXX+)\b)
    """,
    re.IGNORECASE | re.VERBOSE,
)
ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


def placeholders_in(words: str) -> list[str]:
    """Return what stands in `words` in place of something else, each once."""
    return list(dict.fromkeys(found.group() for found in PLACEHOLDERS.finditer(words)))


def has_address(words: str) -> bool:
    """Return whether an e-mail address stands in `words`."""
    return ADDRESS.search(words) is not None
