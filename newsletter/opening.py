"""What a digest says of itself: the subject, the line beside it in a list of mails, the first sentence. Pure."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from newsletter.reasons import Basis
from papers.shortening import shorten

# Characters; most phones show half of a subject, most programs all of it.
LONGEST_SUBJECT = 78
# What programs show beside a subject; with less they go on with the first words of the mail.
PREHEADER = range(40, 91)
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
WHY_BELOW = "The mail says why."
# In this order, for one and for more.
SAID = {
    Basis.EDITORS: ("was picked by the editors", "were picked by the editors"),
    Basis.WISHED: ("matches what you asked for", "match what you asked for"),
    Basis.TASTE: ("is near what you like", "are near what you like"),
    Basis.TRENDING: ("is trending", "are trending"),
    Basis.OUTSIDE: ("is from outside your usual", "are from outside your usual"),
}


def subject_of(titles: Sequence[str]) -> str:
    """Return the subject: the first title, and how many more there are."""
    if len(titles) == 1:
        return shorten(titles[0], LONGEST_SUBJECT)
    more = f" and {len(titles) - 1} more"
    first = shorten(titles[0], LONGEST_SUBJECT - len(more) - 1)
    return f"{first}{more}" if first.endswith("…") else f"{first},{more}"


def preheader_of(titles: Sequence[str], opening: str) -> str:
    """Return what goes with the subject: whole titles after the first, and how it opens where these are short."""
    named = titles[1:2]
    for title in titles[2:]:
        if len(_also([*named, title])) >= PREHEADER.stop:
            break
        named = [*named, title]
    line = _also(named) if named else ""
    for more in (opening, WHY_BELOW):
        if len(line) < PREHEADER.start:
            line = f"{line} {more}".lstrip()
    return shorten(line, PREHEADER.stop - 1)


def _also(titles: Sequence[str]) -> str:
    return f"Also: {'; '.join(titles)}."


def count_of(papers: int) -> str:
    return "one paper" if papers == 1 else f"{papers} papers"


def opening_of(bases: Sequence[str]) -> str:
    """Return a sentence that is true of these picks, of which each rests on one of `Basis`; so far as it is known."""
    counts = Counter(bases)
    if counts.keys() - SAID.keys():
        return f"{count_of(len(bases)).capitalize()} for you."
    return _opening(tuple((basis, counts[basis]) for basis in SAID if counts[basis]))


@lru_cache(maxsize=1000)
def _opening(counts: tuple[tuple[Basis, int], ...]) -> str:
    # Many have the same. No word of today: it is read when it is read.
    total = sum(count for _, count in counts)
    if len(counts) == 1:
        ((basis, _),) = counts
        one, more = SAID[basis]
        if total == 1:
            return f"One paper for you: it {one}."
        return f"{'Both' if total == 2 else f'All {_number(total)}'} {more}."
    parts = [f"{_number(count)} {SAID[basis][count > 1]}" for basis, count in counts]
    listed = f"{', '.join(parts[:-1])}, and {parts[-1]}" if len(parts) > 2 else " and ".join(parts)
    return f"Of these {_number(total)} papers, {listed}."


def _number(count: int) -> str:
    return NUMBERS[count] if count < len(NUMBERS) else str(count)
