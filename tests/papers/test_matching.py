from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.ingest import ingest
from papers.matching import contradicts, family_name, is_better, may_share_authors
from papers.models import Paper, Signal
from papers.sources.base import Identity, PaperRecord, Reading, Row
from tests.factories import NOW, make_record

TITLE = "Attention Is All You Need"
ARXIV = PaperRecord(title=TITLE, arxiv_id="1706.03762", authors=("Ashish Vaswani", "Noam Shazeer"))
JOURNAL = PaperRecord(title="Attention is all you need!", doi="10.5555/3295222", authors=("Vaswani, A.",))
TITLE_ONLY = PaperRecord(title="ATTENTION IS ALL YOU NEED", authors=("A. Vaswani",))


# --- Identity ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("doi", "arxiv_id", "expected"),
    [
        ("10.1000/AbC", None, (None, "10.1000/abc")),
        ("https://doi.org/10.1000/AbC", None, (None, "10.1000/abc")),
        ("http://dx.doi.org/10.1000/abc", None, (None, "10.1000/abc")),
        ("doi: 10.1000/abc", None, (None, "10.1000/abc")),
        (" 10.1000/abc 10.1000/second", None, (None, "10.1000/abc")),
        ("10.48550/arXiv.1706.03762", None, ("1706.03762", None)),
        ("10.48550/ARXIV.1706.03762v5", None, ("1706.03762", None)),
        ("10.48550/arXiv.hep-th/9901001", None, ("hep-th/9901001", None)),
        ("10.48550/arXiv.1706.03762", "1706.99999", ("1706.99999", None)),
        ("10.1000/abc", "1706.03762", ("1706.03762", "10.1000/abc")),
        ("nonsense", None, (None, None)),
        ("10.1000/" + "x" * 300, None, (None, None)),
        (None, None, (None, None)),
    ],
)
def test_ids_are_brought_into_one_spelling(
    doi: str | None, arxiv_id: str | None, expected: tuple[str | None, str | None]
) -> None:
    identity = PaperRecord(title="X", doi=doi, arxiv_id=arxiv_id).identity
    assert (identity.arxiv_id, identity.doi) == expected


@given(st.text(max_size=600), st.text(max_size=600) | st.none())
def test_a_key_always_fits_into_its_column(title: str, doi: str | None) -> None:
    assert len(PaperRecord(title=title, doi=doi and f"10.1/{doi}").key) <= 120


def test_titles_of_nothing_but_signs_are_not_all_the_same() -> None:
    assert PaperRecord(title="?!").key != PaperRecord(title="…").key


@pytest.mark.parametrize(
    ("key", "than", "expected"),
    [
        ("arxiv:1", "doi:1", True),
        ("arxiv:1", "title:1", True),
        ("doi:1", "title:1", True),
        ("doi:1", "arxiv:1", False),
        ("arxiv:1", "arxiv:2", False),
        ("title:1", "title:2", False),
    ],
)
def test_an_arxiv_id_is_the_best_key_and_a_title_the_weakest(key: str, than: str, expected: bool) -> None:
    assert is_better(key, than) is expected


@pytest.mark.parametrize(
    ("told", "known", "expected"),
    [
        ((None, None), ("1", "2"), False),
        (("1", None), ("1", "2"), False),
        (("9", None), ("1", "2"), True),
        ((None, "9"), ("1", "2"), True),
        (("1", "9"), ("1", "2"), True),
        (("1", None), (None, "2"), False),
    ],
)
def test_two_different_ids_of_one_kind_contradict(
    told: tuple[str | None, str | None], known: tuple[str | None, str | None], expected: bool
) -> None:
    assert contradicts(Identity(*told, "hash"), Paper(arxiv_id=known[0], doi=known[1])) is expected


@pytest.mark.parametrize(
    ("some", "others", "expected"),
    [
        (("Ashish Vaswani",), ("Vaswani, A.", "Shazeer, N."), True),
        (("A. Vaswani", "N. Shazeer"), ("Noam Shazeer",), True),
        (("Karol Życzkowski",), ("K. ZYCZKOWSKI",), True),
        (("Ada Lovelace",), ("Alan Turing",), False),
        ((), ("Alan Turing",), True),
        (("Ada Lovelace",), (), True),
        ((), (), True),
    ],
)
def test_authors_are_compared_by_family_name_where_both_are_told(
    some: tuple[str, ...], others: tuple[str, ...], expected: bool
) -> None:
    assert may_share_authors(some, others) is expected


@given(st.text(max_size=50))
def test_every_text_has_a_family_name(author: str) -> None:
    assert isinstance(family_name(author), str)


# --- One work, one paper -----------------------------------------------------------------------------------------


def ingest_apart(*records: Row) -> None:
    for record in records:
        ingest("somewhere", [record])


def ingest_together(*records: Row) -> None:
    ingest("somewhere", records)


def keys() -> set[str]:
    return set(Paper.objects.values_list("key", flat=True))


@pytest.mark.django_db
@pytest.mark.parametrize("ingest_all", [ingest_apart, ingest_together])
@pytest.mark.parametrize(
    "records",
    [
        (ARXIV, JOURNAL, TITLE_ONLY),
        (TITLE_ONLY, JOURNAL, ARXIV),
        (JOURNAL, ARXIV, TITLE_ONLY),
        (TITLE_ONLY, ARXIV, JOURNAL),
    ],
)
def test_one_work_from_three_sources_is_one_paper_under_its_best_key(
    ingest_all: object, records: tuple[PaperRecord, ...]
) -> None:
    ingest_all(*records)  # type: ignore[operator]
    paper = Paper.objects.get()
    assert (paper.key, paper.arxiv_id, paper.doi) == ("arxiv:1706.03762", "1706.03762", "10.5555/3295222")
    ingest_together(*records)
    assert Paper.objects.get().key == paper.key


@pytest.mark.django_db
def test_a_doi_of_arxivs_own_is_the_arxiv_id() -> None:
    ingest_apart(ARXIV, PaperRecord(title="Another Title", doi="10.48550/arXiv.1706.03762"))
    paper = Paper.objects.get()
    assert (paper.key, paper.doi) == ("arxiv:1706.03762", None)


@pytest.mark.django_db
def test_one_doi_under_two_titles_is_one_paper() -> None:
    ingest_apart(JOURNAL, replace(JOURNAL, title="Attention: All You Need", doi="10.5555/3295222".upper()))
    assert keys() == {"doi:10.5555/3295222"}


@pytest.mark.django_db
def test_two_works_with_one_title_stay_two_when_their_ids_differ() -> None:
    ingest_apart(ARXIV, replace(ARXIV, arxiv_id="2001.00001"))
    assert keys() == {"arxiv:1706.03762", "arxiv:2001.00001"}


@pytest.mark.django_db
def test_two_works_with_one_title_stay_two_when_no_author_is_the_same() -> None:
    ingest_apart(ARXIV, PaperRecord(title=TITLE, authors=("Somebody Else",)))
    assert len(keys()) == 2


@pytest.mark.django_db
def test_a_second_work_with_one_title_and_without_ids_is_refused_rather_than_mixed_up() -> None:
    ingest_together(PaperRecord(title=TITLE, authors=("Ada Lovelace",)))
    report = ingest("somewhere", [PaperRecord(title=TITLE, authors=("Alan Turing",))])
    assert [error.reason for error in report.refused] == ["another work has this title, and no id tells the two apart"]
    assert Paper.objects.get().authors == ["Ada Lovelace"]


@pytest.mark.django_db
def test_a_doi_that_two_arxiv_papers_tell_does_not_make_them_one() -> None:
    ingest_apart(
        replace(ARXIV, doi="10.5555/1"), replace(ARXIV, arxiv_id="2001.00001", title="Part Two", doi="10.5555/1")
    )
    assert keys() == {"arxiv:1706.03762", "arxiv:2001.00001"}


@pytest.mark.django_db
def test_a_better_key_keeps_the_paper_its_signals_and_what_the_editor_said() -> None:
    ingest_apart(replace(TITLE_ONLY, readings=(Reading("upvotes", 5, NOW),)))
    before = Paper.objects.get()
    Paper.objects.update(is_pinned=True)
    ingest_apart(ARXIV)
    paper = Paper.objects.get()
    assert (paper.pk, paper.key, paper.is_pinned) == (before.pk, "arxiv:1706.03762", True)
    assert Signal.objects.get().paper == paper


@pytest.mark.django_db
def test_a_cross_list_adds_categories_to_the_paper() -> None:
    ingest_apart(replace(ARXIV, categories=("cs.CL",)), replace(ARXIV, categories=("cs.CL", "cs.LG")))
    paper = Paper.objects.get()
    assert set(paper.topics.filter(kind="category").values_list("slug", flat=True)) == {"cs.CL", "cs.LG"}
    assert paper.primary_category == "cs.CL"


@pytest.mark.django_db
def test_a_sample_paper_without_id_becomes_the_real_one() -> None:
    ingest_apart(replace(TITLE_ONLY, is_sample=True), ARXIV)
    paper = Paper.objects.get()
    assert (paper.key, paper.is_sample) == ("arxiv:1706.03762", False)


@pytest.mark.django_db
def test_a_listed_paper_and_its_announcement_are_one() -> None:
    listed = make_record(arxiv_id="2611.00001", title="A Paper")
    announced = PaperRecord(title="A Paper", arxiv_id="2611.00001", categories=("cs.CL",), authors=("Ada",))
    ingest_apart(announced, listed)
    paper = Paper.objects.get()
    assert (paper.listed_on, paper.primary_category, paper.authors) == (listed.listed_on, "cs.CL", ["Ada"])
