"""What a list or a digest says of a paper: one or two whole sentences, and its authors in a phrase. Pure.

Of an abstract it takes the sentences that share most words with the title, those before others in which the authors say
what they did. Where a title tells nothing, as in another language, these are the first ones.

Measured on 1,448 papers that Hugging Face listed from September to December 2025, against its summaries of them, as the
mean F of ROUGE-1 and ROUGE-2: the first two sentences 0.261 and 0.102; by the title alone 0.338 and 0.159; by what was
done alone 0.346 and 0.169; by both 0.353 and 0.174. By the words that most of the abstract shares it was 0.321 and
0.138; these, the place of a sentence and words that tell of results added nothing to both.
"""

import re
from collections.abc import Collection, Sequence

from papers.shortening import shorten
from papers.text import collapse

LIMIT = 320
MOST_SENTENCES = 2
MOST_NAMES = 3
LONGEST_NAME = 60

STOP, WIDE_STOP = "[.!?…؟۔।]", "[。！？｡]"
CLOSING = "[\"'”’»)\\]）】」』]"
# A run of stops is read once, from its start, so that a thousand of them cost no more than one. A stop of Chinese or
# Japanese needs no blank behind it.
END = re.compile(
    f"{STOP}(?<!{STOP}{STOP}){STOP}*+{CLOSING}*+ |{WIDE_STOP}(?<!{WIDE_STOP}{WIDE_STOP}){WIDE_STOP}*+{CLOSING}*+ ?"
)
# Stops that end no sentence: of an abbreviation, an initial, or the number of an item in a list.
NO_END = re.compile(
    r"\b(?:al|approx|ca|cf|[Ee]qs?|[Ff]igs?|incl|pp|[Rr]efs?|resp|vs|Dr|Mrs?|Ms|Nos?|Prof|Secs?|St|Tabs?|[Vv]ol)\.$"
    r"|(?<![^\W_])[A-Z]\.$|\.[a-z]\.$"
    r"|(?:^|(?<=[^\w,] ))\d{1,2}\.$"
)
LONGEST_NO_END = 10
# A sentence begins in lower case only with a name, such as vLLM; an item such as "(2)" goes on with the one before.
OPENING = re.compile(r"(?!\(?\w{1,3}\))[\"'“‘«(\[$]*+(?:[a-z]+[A-Z]|[^a-z\W])")
# A sentence that begins so says little without the one before it.
LEANING = re.compile(
    r"(?:Additionally|Also|But|Consequently|Finally|Furthermore|Hence|However|In addition|In contrast|Its?|Lastly"
    r"|Moreover|Second|Secondly|Then|Therefore|Theirs?|They|Third|Thirdly|Thus|We (?:also|further|then)|Yet"
    r"|(?:Such|That|These|This|Those)(?! (?:article|paper|report|study|survey|work)))\b"
)

WORD = re.compile(r"\w+")
# Of words of a title these tell nothing.
# fmt: off
EMPTY = frozenset({
    "a", "an", "and", "are", "as", "at", "by", "can", "do", "does", "for", "from", "how", "in", "into", "is", "it",
    "of", "on", "or", "the", "this", "to", "using", "via", "we", "what", "with",
})
OURSELVES = frozenset({"article", "paper", "report", "study", "survey", "work"})
CONTRIBUTING = frozenset({
    "argue", "build", "describe", "develop", "examine", "explore", "introduce", "investigate", "present", "propose",
    "release", "show", "study",
})
# fmt: on
# What it weighs to say what was done, beside all the words of the title.
CONTRIBUTES = 0.5


def first_sentences(text: str) -> str:
    """Return the first two sentences of `text`, or the first alone where both do not fit, cut where it has to be."""
    sentences = split_sentences(collapse(text))
    both = _join(sentences, range(min(MOST_SENTENCES, len(sentences))))
    return both if len(both) <= LIMIT else shorten(sentences[0].rstrip(), LIMIT)


def telling_sentences(abstract: str, title: str) -> str:
    """Return one or two sentences of `abstract`, in its order, that say what was done and of what `title` speaks.

    If the best one is longer than LIMIT, it stands alone and is cut.
    """
    sentences = split_sentences(collapse(abstract))
    wanted = _words(title) - EMPTY
    weights = [_weigh(_words(sentence), wanted) for sentence in sentences]
    taken: list[int] = []
    for place in sorted(range(len(sentences)), key=lambda place: -weights[place]):
        if _leans(sentences, place) and place - 1 not in taken:
            continue
        if not taken and len(sentences[place].rstrip()) > LIMIT:
            return shorten(sentences[place].rstrip(), LIMIT)
        if len(_join(sentences, [*taken, place])) <= LIMIT:
            taken.append(place)
        if len(taken) == MOST_SENTENCES:
            break
    return _join(sentences, taken)


def _leans(sentences: Sequence[str], place: int) -> bool:
    """Return whether a sentence needs the one before it. Of a text that is short all are taken, whatever they say."""
    return place > 0 and len(sentences) > MOST_SENTENCES and LEANING.match(sentences[place]) is not None


def _weigh(words: frozenset[str], wanted: frozenset[str]) -> float:
    share = len(wanted & words) / len(wanted) if wanted else 0.0
    says_what_was_done = ("we" in words and words & CONTRIBUTING) or ("this" in words and words & OURSELVES)
    return share + CONTRIBUTES * bool(says_what_was_done)


def _words(text: str) -> frozenset[str]:
    return frozenset(WORD.findall(text.lower()))


def _join(sentences: Sequence[str], places: Collection[int]) -> str:
    return "".join(sentences[place] for place in sorted(places)).rstrip()


def split_sentences(text: str) -> list[str]:
    """Return the sentences of `text`, which is collapsed, each with the blank behind it: joined they are `text`."""
    sentences = []
    start = 0
    for stop in END.finditer(text):
        is_end = not NO_END.search(text, stop.start() - LONGEST_NO_END, stop.start() + 1)
        if is_end and OPENING.match(text, stop.end()):
            sentences.append(text[start : stop.end()])
            start = stop.end()
    return [*sentences, text[start:]]


def name_authors(names: Sequence[str]) -> str:
    """Return who wrote a paper as a phrase: all names of up to three, else the first and how many more there are."""
    # Behind the name of a collaboration a colon may stand, also as a name of its own.
    stripped = (collapse(name).strip(" ,;:") for name in names)
    told = [shorten(name, LONGEST_NAME) for name in stripped if name]
    if len(told) > MOST_NAMES:
        return f"{told[0]} and {len(told) - 1:,} others"
    return " and ".join(part for part in (", ".join(told[:-1]), *told[-1:]) if part)
