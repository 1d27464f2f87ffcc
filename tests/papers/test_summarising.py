import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from papers.shortening import shorten
from papers.summarising import LIMIT, first_sentences, name_authors, split_sentences, telling_sentences
from papers.text import collapse
from tests.factories import make_paper

# Everything there may be, with what sentences are made of more often than chance would have it.
PIECES = [
    "We present a word. ", "This is so. ", "However, not. ", "e.g. ", "3.5", "(2) ", " ", ".", "! ", "。", "字", "؟ ",
    "x" * 200, "👩\u200d🔬", "e\u0301", "🇫🇷", "\u200d", "\u0301", "A", "vLLM ",
]  # fmt: skip
ANY_TEXT = st.lists(st.one_of(st.text(max_size=5), st.sampled_from(PIECES)), max_size=60).map("".join)
LONG = "a" * (LIMIT // 2)


@pytest.mark.parametrize(
    "sentence",
    [
        "Models, e.g. BERT, i.e. Transformers, are as large as, say, GPT-4.1 is.",
        "Vaswani et al. Attend to Fig. 3 and Eqs. 4 and 5 of Sec. B and No. 7 of it.",
        "It is 3.5 times as fast, approx. 40% vs. 20%, w.r.t. BLEU.",
        "Dr. J. Smith of the U.S. Navy has a Ph.D. Degree.",
        "See arXiv:2305.1 and https://example.org/what?is=This. for more.",
        "It finds that: 1. Apples fall. ",
        "It finds three things: (1) Apples fall. (2) Pears do. (iii) Plums do not.",
        "It waits... and then goes on.",
    ],
)
def test_a_stop_within_a_sentence_does_not_end_it(sentence: str) -> None:
    following = "Another one."
    assert split_sentences(f"{sentence.strip()} {following}") == [f"{sentence.strip()} ", following]


@pytest.mark.parametrize(
    "sentences",
    [
        ["Why is that? ", "It is! ", "3D worlds are hard. ", "vLLM is fast."],
        ["He said “no.” ", "No. 5 ran 9 ms. ", "(They agreed.) ", "“Yes,” she said."],
        ["It was so in 2023. ", "It costs $5. ", "𝒪(n) is fast."],
        ["我们提出一个模型。", "它很快！", "为什么？", "“因为。”", "3个。"],
        ["これはペンです。", "速い。"],
        ["هل هذا سريع؟ ", "هذا نموذج 3.5 سريع. ", "نعم."],
        ["यह तेज़ है। ", "यह नया है।"],
        ["Это быстро. ", "Да."],
    ],
)
def test_sentences_end_as_they_do_in_their_language(sentences: list[str]) -> None:
    assert split_sentences("".join(sentences)) == sentences


def test_a_summary_of_two_sentences_stays_as_it_is() -> None:
    assert first_sentences("One is first.\n Two is  second.") == "One is first. Two is second."


def test_a_longer_summary_is_its_first_two_sentences() -> None:
    assert first_sentences("One is first. Two is second. Three is third.") == "One is first. Two is second."


def test_a_second_sentence_that_does_not_fit_is_left_out() -> None:
    assert first_sentences(f"One {LONG}. Two {LONG}.") == f"One {LONG}."
    both = f"{'a' * 158}. {'B' * 159}."
    assert (len(both), first_sentences(both)) == (LIMIT, both)


def test_of_a_sentence_that_is_too_long_alone_whole_words_are_left() -> None:
    words = "word " * 100
    assert first_sentences(words) == telling_sentences(words, "") == " ".join(["word"] * 64) + "…"


def test_of_an_abstract_what_was_done_and_what_the_title_speaks_of_is_told() -> None:
    abstract = (
        "Sorting is as old as computers. Much has been tried. In this paper, we present Quince, a new way. It is nice. "
        "Quince sorts in linear time. The code is public."
    )
    told = "In this paper, we present Quince, a new way. Quince sorts in linear time."
    assert telling_sentences(abstract, "Quince: Sorting in Linear Time") == told


def test_a_paper_may_speak_of_itself_in_the_third_person() -> None:
    assert telling_sentences("Cats run. Dogs wait. This paper counts fish.", "") == "Cats run. This paper counts fish."


def test_what_is_told_stands_in_the_order_of_the_abstract() -> None:
    abstract = "Nobody knew. Quince sorts in linear time. So it goes. We present Quince, which sorts in linear time."
    told = "Quince sorts in linear time. We present Quince, which sorts in linear time."
    assert telling_sentences(abstract, "Quince sorts in linear time") == told


def test_a_sentence_that_leans_on_another_is_not_told_without_it() -> None:
    abstract = (
        "Some sort slowly. Others do so, too. However, quince sorts in linear time. We present it. Trees are tall."
    )
    assert telling_sentences(abstract, "Quince sorts in linear time") == "Some sort slowly. We present it."
    abstract = "We present quince. It sorts in linear time. The trees are tall."
    assert telling_sentences(abstract, "Quince sorts in linear time") == "We present quince. It sorts in linear time."
    short = "Nobody knew. However, quince sorts in linear time."
    assert telling_sentences(short, "Quince sorts in linear time") == short


def test_where_the_title_tells_nothing_the_first_sentences_are_told() -> None:
    assert telling_sentences("猫很快。狗很慢。鱼会游。", "Fish swim") == "猫很快。狗很慢。"
    assert telling_sentences("Cats run. Dogs wait. Fish swim.", "") == "Cats run. Dogs wait."


def test_the_best_sentence_is_cut_rather_than_left_out() -> None:
    abstract = f"Nobody knew. We present {'a very ' * 60}good way. The code is public."
    told = telling_sentences(abstract, "A way")
    assert told.startswith("We present a very a very")
    assert told.endswith("very…")


def test_no_comma_stands_before_what_was_cut() -> None:
    assert shorten("one, two, three", 11) == "one, two…"


@pytest.mark.parametrize("character", ["👩🏽\u200d🔬", "e\u0327\u0301", "🇫🇷", "🏴\U000e0067\U000e0062\U000e007f", "का"])
def test_what_is_seen_as_one_character_is_not_cut(character: str) -> None:
    for size in range(2 * len(character) + 1, 3 * len(character) + 1):
        assert shorten(character * 9, size) == character * ((size - 1) // len(character)) + "…"


def test_a_text_without_blanks_is_cut_at_the_limit() -> None:
    assert first_sentences("字" * 1_000) == "字" * (LIMIT - 1) + "…"
    assert first_sentences("我们 " + "字" * 1_000) == "我们 " + "字" * (LIMIT - 4) + "…"
    assert len(first_sentences("a" + "\u0301" * 1_000)) == LIMIT


@given(ANY_TEXT, ANY_TEXT)
@example("A. B. " * 500, "A")
@example("." * 5_000, "")
def test_what_is_told_of_any_text_is_one_or_two_sentences_of_it(text: str, title: str) -> None:
    for told in (telling_sentences(text, title), first_sentences(text)):
        sentences = split_sentences(collapse(text))
        assert len(told) <= LIMIT
        assert bool(told) == bool(collapse(text))
        if told in {shorten(sentence.rstrip(), LIMIT) for sentence in sentences}:
            continue
        assert told in {
            (first + second).rstrip() for place, first in enumerate(sentences) for second in sentences[place + 1 :]
        }


@given(ANY_TEXT, ANY_TEXT)
def test_what_is_told_once_is_told_again(text: str, title: str) -> None:
    told = telling_sentences(text, title)
    assert telling_sentences(told, title) == first_sentences(told) == told


@given(ANY_TEXT)
def test_sentences_joined_are_the_text(text: str) -> None:
    sentences = split_sentences(collapse(text))
    assert "".join(sentences) == collapse(text)
    assert all(sentences) or sentences == [""]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ([], ""),
        (["", " "], ""),
        (["Ada"], "Ada"),
        (["Ada\n  Lovelace"], "Ada Lovelace"),
        (["Ada", "", "Alan"], "Ada and Alan"),
        (["Ada", "Alan", "Grace"], "Ada, Alan and Grace"),
        (["Ada", "Alan", "Grace", "Barbara"], "Ada and 3 others"),
        (["Ada"] * 40, "Ada and 39 others"),
        (["LHCb Collaboration", ":", "R. Aaij", "C. Abellan"], "LHCb Collaboration, R. Aaij and C. Abellan"),
        (["The ATLAS Collaboration:"] + ["G. Aad"] * 2_900, "The ATLAS Collaboration and 2,900 others"),
        (["Vaswani, A.", "B"], "Vaswani, A. and B"),
        (["Very " * 20 + "Long", "B"], "Very " * 11 + "Very… and B"),
        (["x" * 500] * 3, ", ".join(["x" * 59 + "…"] * 2) + " and " + "x" * 59 + "…"),
    ],
)
def test_authors_are_told_in_a_short_phrase(names: list[str], told: str) -> None:
    assert name_authors(names) == told


@given(st.lists(ANY_TEXT))
def test_any_authors_fit_on_a_line_or_two(names: list[str]) -> None:
    assert len(name_authors(names)) < 200


@pytest.mark.django_db
def test_a_paper_is_told_of_by_its_summary_or_else_by_its_abstract() -> None:
    abstract = "Nobody knew. Nobody asked. We present a quince."
    assert make_paper(summary="It is a quince.", abstract=abstract).blurb == "It is a quince."
    assert make_paper(title="A Quince", summary=" ", abstract=abstract).blurb == "Nobody knew. We present a quince."
    assert make_paper(summary="", abstract="").blurb == ""
