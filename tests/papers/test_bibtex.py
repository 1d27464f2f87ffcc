import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.bibtex import Reference, bibtex, escape

PAPER = Reference(
    title="On the Attention of Readers",
    authors=["Ada Lovelace", "Alan M. Turing"],
    published_on=date(2026, 11, 20),
    arxiv_id="2611.12345",
    primary_category="cs.CL",
    doi=None,
    url="https://arxiv.org/abs/2611.12345",
)
# What breaks an entry comes more often than chance would have it.
TEXT = st.lists(st.text(max_size=5) | st.sampled_from([*"{}\\$&#%_^~,", " and "]), max_size=12).map("".join)


def test_a_paper_on_arxiv_is_referred_to_by_its_eprint() -> None:
    assert bibtex(PAPER) == (
        "@misc{lovelace2026attention,\n"
        "  title         = {{On the Attention of Readers}},\n"
        "  author        = {Ada Lovelace and Alan M. Turing},\n"
        "  year          = {2026},\n"
        "  eprint        = {2611.12345},\n"
        "  archivePrefix = {arXiv},\n"
        "  primaryClass  = {cs.CL},\n"
        "  url           = {https://arxiv.org/abs/2611.12345}\n"
        "}\n"
    )


def test_a_paper_with_a_doi_alone_is_referred_to_by_that() -> None:
    entry = bibtex(replace(PAPER, arxiv_id=None, doi="10.1000/a_b", url="https://doi.org/10.1000/a_b"))
    assert "  doi           = {10.1000/a_b},\n" in entry
    assert "eprint" not in entry
    assert "primaryClass" not in entry


def test_what_is_not_known_is_left_out() -> None:
    entry = bibtex(Reference("A Title", [], None, None, "", None, ""))
    assert entry == "@misc{title,\n  title         = {{A Title}}\n}\n"


@pytest.mark.parametrize(
    ("published_on", "arxiv_id", "year"),
    [
        (date(2025, 12, 31), "2601.00001", "2025"),
        (None, "2305.03048", "2023"),
        (None, "hep-th/9901001", ""),
        (None, None, ""),
    ],
)
def test_the_year_is_known_or_read_off_the_id_and_never_guessed(
    published_on: date | None, arxiv_id: str | None, year: str
) -> None:
    assert replace(PAPER, published_on=published_on, arxiv_id=arxiv_id).year == year


@pytest.mark.parametrize(
    ("title", "authors", "key"),
    [
        ("The τ²-Bench", ["Bernhard Schölkopf"], "scholkopf2026bench"),
        ("注意力 Is All", ["Kaiming He"], "he2026all"),
        ("GPT-4o & more", ["OpenAI"], "openai2026gpt"),
        ("***", [""], "2026"),
    ],
)
def test_the_key_is_made_of_plain_letters(title: str, authors: list[str], key: str) -> None:
    assert replace(PAPER, title=title, authors=authors).key == key


def test_what_tex_would_obey_is_printed() -> None:
    assert escape(r"100% of R&D_1 #2 $5 ~x^y \cmd {a") == (
        r"100\% of R\&D\_1 \#2 \$5 \textasciitilde{}x\textasciicircum{}y \textbackslash{}cmd \textbraceleft{}a"
    )


@pytest.mark.parametrize("name", ["Simon and Garfunkel Team", "Doe, Jane", "Procter AND Gamble"])
def test_a_name_that_bibtex_would_take_apart_is_held_together(name: str) -> None:
    assert f"author        = {{{{{name}}}}}" in bibtex(replace(PAPER, authors=[name]))


def test_the_name_anderson_is_no_conjunction() -> None:
    assert "author        = {Pat Anderson}" in bibtex(replace(PAPER, authors=["Pat Anderson"]))


@given(TEXT, st.lists(TEXT, max_size=3), TEXT)
def test_every_entry_can_be_read_back(title: str, authors: list[str], doi: str) -> None:
    entry = bibtex(replace(PAPER, title=title, authors=authors, doi=doi))
    assert entry.count("{") == entry.count("}")
    depth, depths = 0, []
    for char in entry:
        depth += {"{": 1, "}": -1}.get(char, 0)
        depths.append(depth)
    assert min(depths[:-2]) >= 0
    # Nothing closes the entry before its end.
    assert 0 not in depths[entry.index("{") : -2]
    assert re.match(r"@misc\{[a-z0-9]*,", entry)
