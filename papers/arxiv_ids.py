"""The ids of arXiv's papers, in the ways in which people write and paste them. Pure.

Since 2007 an id is a month and a number, as in 2305.03048, of five digits from 2015 on; before, an archive stood in
front, as in hep-th/9901001: https://info.arxiv.org/help/arxiv_identifier.html
"""

import re
from collections.abc import Iterator

# All that had papers while ids had the old form. A subject class may follow, as in math.GT/0309136, and says nothing.
ARCHIVES = (
    "acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs|dg-ga|"
    "funct-an|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math-ph|math|mtrl-th|nlin|nucl-ex|nucl-th|patt-sol|physics|plasm-ph|"
    "q-alg|q-bio|quant-ph|solv-int|supr-con"
)
MONTH = "(?:0[1-9]|1[0-2])"
NEW_ID = rf"(?:0[7-9]|1[0-4]){MONTH}\.\d{{4}}|(?:1[5-9]|[2-8]\d){MONTH}\.\d{{5}}"
OLD_ID = rf"(?:{ARCHIVES})(?:\.[a-z]{{2}})?/(?:9\d|0[0-7]){MONTH}\d{{3}}"
# What is left of a word is no id, but "arXiv:2305.03048" and arXiv's DOIs. Other DOIs hold numbers that look like ids.
FOREIGN_DOI = r"\b10\.\d{4,9}/(?!arxiv\.)[^\s,;]+"
WRITTEN = re.compile(
    rf"{FOREIGN_DOI}|(?:(?<![a-z0-9.])|arxiv[.:]?)({NEW_ID}|{OLD_ID})(?:v\d{{1,3}})?(?![a-z0-9])",
    re.ASCII | re.IGNORECASE,
)
WHOLE = re.compile(rf"({NEW_ID}|{OLD_ID})(?:v\d{{1,3}})?", re.ASCII | re.IGNORECASE)
SUBJECT_CLASS = re.compile(r"\.[a-z]{2}(?=/)", re.ASCII)
ENTRY = re.compile(r"\s*@\w+\s*[{(]")


def ids_in(text: str) -> list[str]:
    """Return the ids that `text` names, without versions, in order, each once; whatever stands around them is ignored.

    In the one spelling that arXiv itself uses, so that they can be looked for.
    """
    found = (match.group(1) for match in WRITTEN.finditer(text))
    return list(dict.fromkeys(_in_one_spelling(written) for written in found if written))


def read_id(text: str) -> str | None:
    """Return the id without its version when `text` is one and nothing else."""
    found = WHOLE.fullmatch(text)
    return _in_one_spelling(found.group(1)) if found else None


def count_without_id(text: str) -> int:
    """Return how many lines of `text` say something and name no id; a BibTeX entry counts as one line."""
    return sum(not ids_in(piece) for piece in _pieces(text) if piece.strip())


def _in_one_spelling(arxiv_id: str) -> str:
    return SUBJECT_CLASS.sub("", arxiv_id.lower())


def _pieces(text: str) -> Iterator[str]:
    """Yield the lines of `text`, those of a BibTeX entry together: it ends with its last brace, or where one begins."""
    piece, depth = "", 0
    for line in text.splitlines():
        if depth <= 0 or ENTRY.match(line) or not line.strip():
            yield piece
            piece, depth = "", 0
        piece += f"{line}\n"
        if depth > 0 or ENTRY.match(line):
            depth += line.count("{") - line.count("}")
    yield piece


def key_of(arxiv_id: str) -> str:
    """Return the key of the paper with this id."""
    return f"arxiv:{arxiv_id}"
