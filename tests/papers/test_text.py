import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.text import collapse, has_html, normalise_title, plain, readable

# Everything a source may send, with what TeX is made of more often than chance would have it.
ANY_TEXT = st.lists(st.one_of(st.text(max_size=5), st.sampled_from([*r"\${}^_%&~'`", "\\alpha", "\\textbf{"]))).map(
    "".join
)
PLAIN_TEXT = st.text(st.characters(exclude_characters="\\${", exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"$\alpha$-GAN", "α-GAN"),
        (r"$\tau^2$-Bench", "τ²-Bench"),
        (r"$\mathcal{O}(n \log n)$ time", "𝒪(n log n) time"),
        (r"Schr\"odinger, M{\"u}ller and C\'esar", "Schrödinger, Müller and César"),
        (r"{\em very} good", "very good"),
        (r"\textbf{bold \emph{and more}}", "bold and more"),
        (r"50\% of A\&B, item\_1, \#2", "50% of A&B, item_1, #2"),
        (r"about $50%$ and $3\%$", "about 50% and 3%"),
        (r"\textbf{5% more} to come", "5% more to come"),
    ],
)
def test_tex_becomes_unicode(source: str, expected: str) -> None:
    assert readable(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"$x^2 + y_i$", "x² + yᵢ"),
        (r"$x_i^2$ of $10^{-3}$ and $10^{15}$", "xᵢ² of 10⁻³ and 10¹⁵"),
        (r"CO$_2$ at 30$^{\circ}$C", "CO₂ at 30°C"),
        (r"$\mathbb{R}^d$ and $A^\top$", "ℝᵈ and Aᵀ"),
        (r"$\sum_{i=1}^{n} \alpha_i$", "∑ᵢ₌₁ⁿ αᵢ"),
        (r"$x_{\text{max}}$, the $n^{\text{th}}$", "xₘₐₓ, the nᵗʰ"),
        (r"$x^10$", "x¹0"),
    ],
)
def test_superscripts_and_subscripts_in_mathematics_are_set_where_unicode_has_them(source: str, expected: str) -> None:
    assert readable(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"$\pi_\theta$ and $L_\infty$", "π_θ and L_∞"),
        (r"$e^{i\pi}$", "e^iπ"),
        (r"$\mathcal{L}_{\mathrm{KL}}$", "ℒ_KL"),
        (r"$p_{i,j}$ of $2^{n \times k}$", "p_(i,j) of 2^(n ×k)"),
        (r"$x^{y^{2}}$", "x^y²"),
    ],
)
def test_a_script_that_unicode_has_not_keeps_its_sign_and_stays_one_thing(source: str, expected: str) -> None:
    assert readable(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x^2 < y and a_b", "x^2 < y and a_b"),
        (r"\textbf{snake_1^2}", "snake_1^2"),
        (r"$a\_b$ costs 2^10", "a_b costs 2^10"),
    ],
)
def test_outside_mathematics_nothing_is_raised_or_lowered(source: str, expected: str) -> None:
    assert readable(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"on \texttt{GSM8K}", "on GSM8K"),
        (r"at \url{https://x.example/a_b}", "at https://x.example/a_b"),
        (r"see \href{https://x.example}{our page}", "see our page"),
        (r"as before~\cite{a, b} and \citep[see][p. 3]{c}.", "as before and."),
        (r"\frac{1}{2 of it", r"\frac{1}{2 of it"),
    ],
)
def test_commands_leave_their_words(source: str, expected: str) -> None:
    assert readable(source) == expected


@pytest.mark.parametrize(
    "source", ["a $^$ b", "a $_$ b", "$x^{$", "$x_{}$", "$^^2$", "$x^{{{2}}}$", r"$x^\$", "$_{$_}$"]
)
def test_mathematics_that_is_no_tex_is_read_all_the_same(source: str) -> None:
    assert readable(source)


@pytest.mark.parametrize(
    "prose",
    [
        "It costs $5 and $6",
        "a $100 model beats a $1,000 one",
        "from $5/$6 to US$5 and CA$6",
        "in US$ 5 or CA$, whichever",
        "50% of 3% & ~7",
        "100% of what ~10 people & 1 dog did #1",
        "snake_case and x^2 < y",
        "<think> first, x<y",
        "``fast'' and {braces}",
    ],
)
def test_prose_with_the_characters_of_tex_stays_as_it_is(prose: str) -> None:
    assert readable(prose) == prose


def test_escaped_dollars_are_money_and_not_mathematics() -> None:
    assert readable(r"\$5\$ or \$6") == "$5$ or $6"
    assert readable(r"\$5$ each") == "$5$ each"


def test_a_command_nobody_knows_leaves_its_words_or_stays() -> None:
    assert readable(r"\unheard{of} and \unheard too, \\ alone") == r"of and \unheard too, \\ alone"


def test_files_are_never_read_into_a_text() -> None:
    assert "root" not in readable(r"\input{/etc/passwd} $\input{/etc/passwd}$")


def test_white_space_of_every_kind_becomes_one_space() -> None:
    assert readable("  Large Multimodal\n  Models\t\u00a0and\u2028more\r\n") == "Large Multimodal Models and more"


def test_controls_that_reorder_text_are_taken_out() -> None:
    assert collapse("a\u202eb\u2066c\u061cd\ufeffe\u200ff") == "abcdef"


def test_letters_are_composed() -> None:
    assert collapse("Scho\u0308lkopf") == "Schölkopf"


@given(ANY_TEXT)
def test_readable_text_is_one_line_without_control_characters(text: str) -> None:
    result = readable(text)
    assert not any(unicodedata.category(char) in {"Cc", "Zl", "Zp"} for char in result)
    assert result == " ".join(result.split())
    assert unicodedata.is_normalized("NFC", result)


@given(PLAIN_TEXT)
def test_text_without_tex_changes_in_white_space_only_and_only_once(text: str) -> None:
    """Only TeX can read differently a second time: what it escapes, such as a dollar, comes out plain."""
    once = readable(text)
    assert once == collapse(text)
    assert readable(once) == once


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_prices_and_percent_signs_stay(price: int, share: int) -> None:
    prose = f"costs ${price} or ${share}, which is {share}% of ${price}"
    assert readable(prose) == prose


@pytest.mark.parametrize(
    "title",
    ["A <b>bold</b> claim", "<script>alert(1)</script>", "x <img src=x onerror=alert(1)>", "a<br/>b", "H<SUB>2</SUB>O"],
)
def test_html_tags_are_seen(title: str) -> None:
    assert has_html(title)


@pytest.mark.parametrize(
    "title", ["<think> before you speak", "x<y", "a < b > c", "<image> tokens", "p<0.05 and r>0.9", ""]
)
def test_angle_brackets_in_prose_are_not_html(title: str) -> None:
    assert not has_html(title)


def test_two_spellings_of_a_title_are_one() -> None:
    assert normalise_title("Attention: Is All\nYou Néed!") == normalise_title("attention is all you need")


@pytest.mark.parametrize("title", ["τ^2-Bench", "τ²-Bench", r"$\tau^2$-Bench", r"$\tau^{2}$-bench"])
def test_a_title_is_the_same_however_its_mathematics_is_written(title: str) -> None:
    assert normalise_title(readable(title)) == normalise_title("τ2 Bench")


def test_titles_in_other_scripts_differ() -> None:
    assert normalise_title("注意力") != normalise_title("机制")


def test_plurals_meet_their_singular_but_short_words_and_double_s_stay() -> None:
    assert plain("Agents' LLMs gas loss GLASS") == " agent llm gas loss glass "


def test_a_phrase_stands_in_one_run_of_words_of_one_text() -> None:
    text = plain("A vision-language model for robots", "", "Second text")
    assert plain("Vision Language") in text
    assert plain("robot") in text
    assert plain("vision model") not in text
    assert plain("vis") not in text
    assert plain("robots second") not in text
    assert plain("…") not in text


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc"), min_size=1), st.lists(st.sampled_from("abc")))
def test_a_phrase_is_found_wherever_it_stands(before: list[str], phrase: list[str], after: list[str]) -> None:
    assert plain(" ".join(phrase)) in plain(" ".join([*before, *phrase, *after]))
