import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.arxiv_ids import ARCHIVES, count_without_id, ids_in
from papers.sources.fields import check_arxiv_id

BIBTEX = """@misc{lovelace2023engines,
      title={Notes on {Engines}},
      author={Ada Lovelace},
      year={2023},
      eprint = {2305.03048},
      archivePrefix={arXiv},
      primaryClass={cs.CV}
}"""


@pytest.mark.parametrize(
    "written",
    [
        "2305.03048",
        "2305.03048v2",
        "arXiv:2305.03048v2",
        "arxiv: 2305.03048",
        "arXiv:2305.03048v1 [cs.CV] 4 May 2023",
        "https://arxiv.org/abs/2305.03048",
        "http://www.arxiv.org/abs/2305.03048v12",
        "arxiv.org/pdf/2305.03048",
        "https://arxiv.org/pdf/2305.03048v1.pdf",
        "https://arxiv.org/pdf/2305.03048.pdf#page=3",
        "https://arxiv.org/html/2305.03048v1",
        "https://export.arxiv.org/abs/2305.03048?context=cs",
        "https://huggingface.co/papers/2305.03048",
        "https://www.alphaxiv.org/abs/2305.03048v1",
        "https://doi.org/10.48550/arXiv.2305.03048",
        "10.48550/arXiv.2305.03048",
        "doi:10.48550/ARXIV.2305.03048",
        "(2305.03048)",
        "[Engines](https://arxiv.org/abs/2305.03048), a nice one!",
        "<https://arxiv.org/abs/2305.03048>.",
        "2305.03048_final.pdf",
        "I liked 2305.03048.",
        "eprint = {2305.03048},",
        BIBTEX,
    ],
)
def test_an_id_is_found_however_it_is_written(written: str) -> None:
    assert ids_in(written) == ["2305.03048"]
    assert count_without_id(written) == 0


@pytest.mark.parametrize(
    ("written", "arxiv_id"),
    [
        ("cs/0112017", "cs/0112017"),
        ("hep-th/9901001v3", "hep-th/9901001"),
        ("arXiv:hep-th/9901001", "hep-th/9901001"),
        ("https://arxiv.org/abs/math.GT/0309136", "math/0309136"),
        ("https://arxiv.org/pdf/cond-mat/0211110v1.pdf", "cond-mat/0211110"),
        ("10.48550/arXiv.quant-ph/9508027", "quant-ph/9508027"),
        ("MATH-PH/0506011", "math-ph/0506011"),
        ("eprint={gr-qc/9310026}", "gr-qc/9310026"),
        ("0704.0001", "0704.0001"),
        ("1412.6980v9", "1412.6980"),
        ("1501.00001", "1501.00001"),
    ],
)
def test_ids_of_every_age_are_known(written: str, arxiv_id: str) -> None:
    assert ids_in(written) == [arxiv_id]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Attention is all you need",
        "https://arxiv.org/list/cs.CL/recent",
        "https://arxiv.org/abs/0112017",
        "https://openreview.net/forum?id=2305030481",
        "2313.00001",
        "2300.00001",
        "1501.0001",
        "1412.69801",
        "9912.12345",
        "12305.03048",
        "2305.030481",
        "2305.03048a",
        "x2305.03048",
        "1.2305.03048",
        "٢٣٠٥.٠٣٠٤٨",
        "nocs/0112017",
        "cs/0113017",
        "cs/01120170",
        "10.1145/3580305.3599256",
        "https://doi.org/10.1101/2305.03048",
        "doi:10.1103/PhysRevLett.2012.12345",
    ],
)
def test_what_is_no_id_is_none(text: str) -> None:
    assert ids_in(text) == []


def test_a_paper_that_is_named_twice_is_one_and_the_order_stays() -> None:
    text = "2402.17764, https://arxiv.org/pdf/2305.03048v1 arXiv:2402.17764v2;cs/0112017\nmath.GT/0309136 math/0309136"
    assert ids_in(text) == ["2402.17764", "2305.03048", "cs/0112017", "math/0309136"]


def test_an_id_behind_a_foreign_doi_is_found() -> None:
    assert ids_in("10.1145/3580305.3599256,2305.03048") == ["2305.03048"]


# --- Lines without ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("\n \n", 0),
        ("2305.03048\n\n2402.17764", 0),
        ("2305.03048\nAttention is all you need\r\n2402.17764", 1),
        (f"{BIBTEX}\n\n{BIBTEX}", 0),
        (f"{BIBTEX}\nsomething else", 1),
        ("@article{a,\n title={No id},\n year=2020\n}", 1),
        # An entry that does not end takes nothing else with it.
        (f"@misc{{a,\n title={{Cut off\n{BIBTEX}\nsomething else", 2),
        ("@misc{a,\n title={Cut off\n\nsomething else", 2),
        ("}}}\n{{{", 2),
        ("a { brace\n2305.03048", 1),
    ],
)
def test_lines_that_name_no_paper_are_counted(text: str, count: int) -> None:
    assert count_without_id(text) == count


# --- Any text -----------------------------------------------------------------------------------------------------

YEARS = st.integers(7, 88).flatmap(
    lambda year: st.tuples(st.just(year), st.integers(1, 12), st.integers(0, 9999 if year < 15 else 99999))
)
NEW_IDS = YEARS.map(lambda parts: f"{parts[0]:02}{parts[1]:02}.{parts[2]:0{4 if parts[0] < 15 else 5}}")
OLD_IDS = st.tuples(
    st.sampled_from(ARCHIVES.split("|")),
    st.sampled_from(["91", "99", "00", "07"]),
    st.integers(1, 12),
    st.integers(0, 999),
).map(lambda parts: f"{parts[0]}/{parts[1]}{parts[2]:02}{parts[3]:03}")
IDS = NEW_IDS | OLD_IDS
FORMS = [
    "{}",
    "arXiv:{}",
    "https://arxiv.org/abs/{}v1",
    "https://arxiv.org/pdf/{}v12.pdf",
    "https://huggingface.co/papers/{}",
    "10.48550/arXiv.{}",
    "eprint = {{{}}},",
    "see {}.",
]


@given(
    ids=st.lists(IDS, max_size=20),
    forms=st.lists(st.sampled_from(FORMS), min_size=20, max_size=20),
    between=st.sampled_from(["\n", " ", ", ", "; ", "\r\n", "\t"]),
)
def test_all_ids_are_found_in_order_each_once(ids: list[str], forms: list[str], between: str) -> None:
    written = [form.format(arxiv_id) for form, arxiv_id in zip(forms, ids, strict=False)]
    assert ids_in(between.join(written)) == list(dict.fromkeys(ids))


@given(st.text() | st.text(alphabet="0123456789./v:aArXiIcs-hept{}@ \n,", max_size=200))
def test_of_any_text_only_ids_are_found_that_stand_there_and_finding_is_stable(text: str) -> None:
    found = ids_in(text)
    assert len(set(found)) == len(found)
    assert all(check_arxiv_id(arxiv_id) == arxiv_id for arxiv_id in found)
    assert ids_in("\n".join(found)) == found
    plain = re.sub(r"\.[a-z]{2}(?=/)", "", text.lower())
    assert all(arxiv_id in plain for arxiv_id in found)
    assert 0 <= count_without_id(text) <= len(text.splitlines())
