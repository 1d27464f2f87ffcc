from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client

from papers.admin import RUN_COLOURS
from papers.ingest import ingest
from papers.models import Paper, Repository, Signal, SourceRun, Topic, TrendingScore
from papers.search import search
from tests.admin_pages import assert_rows_cost_no_queries, choose_action, posted_by
from tests.factories import NOW, TODAY, make_arxiv_paper, make_paper, make_record
from tests.staff.people import client_of, make_staff

pytestmark = pytest.mark.django_db

PAPERS = "/admin/papers/paper/"
TOPICS = "/admin/papers/topic/"
RUNS = "/admin/papers/sourcerun/"
REPOSITORIES = "/admin/papers/repository/"


def page_of(paper: Paper) -> str:
    return f"{PAPERS}{paper.pk}/change/"


def make_score(paper: Paper, score: float = 2.5) -> TrendingScore:
    parts = [{"kind": "upvotes", "gain": 84, "points": score}]
    return TrendingScore.objects.create(
        paper=paper, window="day", day=TODAY, score=score, parts=parts, version="1", scored_at=NOW
    )


def make_rows(count: int) -> None:
    for _ in range(count):
        paper = make_paper()
        make_score(paper)
        topic = Topic.objects.create(name=f"Topic {paper.pk}", slug=f"topic-{paper.pk}", kind="keywords", terms=["x"])
        paper.topics.add(topic)
        SourceRun.objects.create(source="huggingface", started_at=NOW)
        Repository.objects.create(name=f"a/{paper.pk}")


@pytest.mark.parametrize("url", [PAPERS, TOPICS, RUNS, REPOSITORIES])
def test_a_list_takes_as_many_queries_for_twenty_rows_as_for_ten(admin_client: Client, url: str) -> None:
    assert_rows_cost_no_queries(admin_client, url, make_rows)


def test_the_list_shows_todays_score_and_sorts_by_it_with_unscored_papers_last(admin_client: Client) -> None:
    unscored, weak, strong = make_paper(title="Unscored"), make_paper(title="Weak"), make_paper(title="Strong")
    make_score(weak, 1.5)
    make_score(strong, 4.25)
    page = admin_client.get(PAPERS, {"o": "-3"})
    assert list(page.context["cl"].result_list) == [strong, weak, unscored]
    assert "4.25" in page.content.decode()


def test_a_title_with_markup_is_shown_as_text(admin_client: Client) -> None:
    paper = make_paper(title="<script>alert(1)</script>", authors=["<b>Eve</b>"], keywords=["<i>x</i>"])
    for url in (PAPERS, page_of(paper)):
        html = admin_client.get(url).content.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
        assert "<script>alert(1)" not in html
        assert "<b>Eve" not in html
        assert "<i>x" not in html


def test_papers_are_found_by_title_and_by_arxiv_id(admin_client: Client) -> None:
    paper = make_arxiv_paper("2611.99999", title="Sparse Attention")
    make_paper(title="Something Else")
    for words in ("sparse", "2611.99999"):
        assert list(admin_client.get(PAPERS, {"q": words}).context["cl"].result_list) == [paper]


def test_an_editor_pins_hides_and_notes_a_paper(admin_client: Client) -> None:
    paper = make_paper()
    data = posted_by(admin_client.get(page_of(paper)))
    answer = admin_client.post(
        page_of(paper), data | {"is_pinned": "on", "is_hidden": "on", "editor_note": "Read the appendix."}
    )
    assert answer.status_code == 302
    paper.refresh_from_db()
    assert (paper.is_pinned, paper.is_hidden, paper.editor_note) == (True, True, "Read the appendix.")


def correct(client: Client, paper: Paper, **changes: object) -> list[str]:
    """Change these fields of a paper as an editor does; return the names of the facts that count as corrected."""
    data = posted_by(client.get(page_of(paper)))
    answer: Any = client.post(page_of(paper), data | changes)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    paper.refresh_from_db()
    return list(paper.edited_facts)


def test_what_only_sources_know_cannot_be_changed(admin_client: Client) -> None:
    paper = make_paper()
    page: Any = admin_client.get(page_of(paper))
    forged = {"key": "doi:1", "arxiv_id": "1", "is_sample": "on", "listed_on": "2020-01-01", "edited_facts": "[]"}
    admin_client.post(page_of(paper), posted_by(page) | forged)
    changed = Paper.objects.get()
    assert (changed.key, changed.arxiv_id, changed.is_sample) == (paper.key, paper.arxiv_id, False)
    assert (changed.listed_on, changed.edited_facts) == (TODAY, [])


@pytest.mark.parametrize(
    ("fact", "typed", "kept"),
    [
        ("title", "  As  Corrected ", "As Corrected"),
        ("authors", "Ada Lovelace\r\n\r\nGrace  Hopper", ["Ada Lovelace", "Grace Hopper"]),
        ("abstract", "Corrected.", "Corrected."),
        ("summary", "", ""),
        ("keywords", "agents\nplanning", ["agents", "planning"]),
        ("github_url", "github.com/a/b", "https://github.com/a/b"),
        ("project_url", "http://project.example/", "http://project.example/"),
    ],
)
def test_a_fact_that_an_editor_corrects_is_kept_from_the_sources(
    admin_client: Client, fact: str, typed: str, kept: object
) -> None:
    paper = make_paper(title="As Told")
    assert correct(admin_client, paper, **{fact: typed}) == [fact]
    assert getattr(paper, fact) == kept
    told = replace(
        make_record(arxiv_id=paper.arxiv_id, title="Told Anew"),
        authors=("Told",),
        abstract="Told.",
        summary="Told.",
        keywords=("told",),
        github_url="https://github.com/t/old",
        project_url="https://told.example",
    )
    ingest("huggingface", [told])
    paper.refresh_from_db()
    assert getattr(paper, fact) == kept
    assert (paper.title == "Told Anew") is (fact != "title")


def test_topics_that_an_editor_set_are_kept_from_the_sources(admin_client: Client) -> None:
    paper, topic = make_paper(title="A Benchmark"), Topic.objects.get(slug="robotics")
    assert correct(admin_client, paper, topics=[topic.pk]) == ["topics"]
    told = make_record(arxiv_id=paper.arxiv_id, title="A Dataset")
    ingest("huggingface", [replace(told, categories=("cs.RO",))])
    assert list(paper.topics.all()) == [topic]


def test_saving_without_a_change_corrects_nothing(admin_client: Client) -> None:
    paper = make_paper(keywords=["one", "two"], abstract="Long.", project_url="https://project.example")
    paper.topics.add(Topic.objects.get(slug="robotics"))
    assert correct(admin_client, paper, editor_note="Good") == []
    assert list(paper.topics.values_list("slug", flat=True)) == ["robotics"]
    assert (paper.keywords, paper.editor_note) == (["one", "two"], "Good")


def test_a_second_correction_keeps_the_first(admin_client: Client) -> None:
    paper = make_paper()
    correct(admin_client, paper, title="Corrected")
    assert correct(admin_client, paper, summary="Corrected.") == ["summary", "title"]


def test_a_corrected_paper_is_found_by_its_corrected_words(admin_client: Client) -> None:
    correct(admin_client, make_paper(title="Zebras"), title="Giraffes")
    assert len(search("giraffes")) == 1
    assert len(search("zebras")) == 0


@pytest.mark.parametrize(
    ("fact", "typed"),
    [
        ("title", ""),
        ("title", "A <b>bold</b> claim"),
        ("title", "x" * 501),
        ("github_url", "javascript:alert(1)"),
        ("project_url", "ftp://files.example/"),
        ("project_url", "not an address"),
    ],
)
def test_a_correction_that_makes_no_sense_is_refused(admin_client: Client, fact: str, typed: str) -> None:
    paper = make_paper(title="As Told")
    page: Any = admin_client.post(page_of(paper), posted_by(admin_client.get(page_of(paper))) | {fact: typed})
    assert list(page.context["adminform"].form.errors) == [fact]
    assert Paper.objects.get().edited_facts == []


def test_saving_leaves_the_facts_to_a_source_that_was_read_meanwhile(admin_client: Client) -> None:
    paper = make_paper(title="Old Title")
    data = posted_by(admin_client.get(page_of(paper)))
    topic = Topic.objects.get(slug="robotics")
    ingest("huggingface", [make_record(arxiv_id=paper.arxiv_id, title="New Title")])
    paper.topics.add(topic)
    admin_client.post(page_of(paper), data | {"editor_note": "Good", "summary": "Corrected."})
    paper.refresh_from_db()
    assert (paper.title, paper.summary, paper.editor_note) == ("New Title", "Corrected.", "Good")
    assert paper.edited_facts == ["summary"]
    assert topic in paper.topics.all()


def test_saving_leaves_what_another_editor_said_meanwhile(admin_client: Client) -> None:
    paper = make_paper(is_pinned=True)
    page = admin_client.get(page_of(paper))
    assert 'name="initial-is_hidden" value="False"' in page.content.decode()
    data = posted_by(page)
    Paper.objects.update(is_hidden=True, is_pinned=False, editor_note="By another.")
    admin_client.post(page_of(paper), data | {"summary": "Corrected."})
    paper.refresh_from_db()
    assert (paper.is_hidden, paper.is_pinned, paper.editor_note) == (True, False, "By another.")
    assert paper.summary == "Corrected."


def test_corrected_facts_are_given_back_to_the_sources(admin_client: Client) -> None:
    paper, other = make_paper(title="As Told"), make_paper()
    for each in (paper, other):
        correct(admin_client, each, title=f"Corrected {each.pk}")
    assert "1 paper given back" in choose_action(admin_client, PAPERS, "give_back", paper)
    for each in (paper, other):
        ingest("huggingface", [make_record(arxiv_id=each.arxiv_id, title=f"As Told {each.pk}")])
    assert set(Paper.objects.values_list("title", flat=True)) == {f"As Told {paper.pk}", f"Corrected {other.pk}"}


@pytest.mark.parametrize(("value", "title"), [("yes", "Corrected"), ("no", "As Told"), ("", None)])
def test_corrected_papers_can_be_listed(admin_client: Client, value: str, title: str | None) -> None:
    make_paper(title="As Told")
    correct(admin_client, make_paper(title="Wrong"), title="Corrected")
    page: Any = admin_client.get(PAPERS, {"corrected": value} if value else {})
    assert [paper.title for paper in page.context["cl"].result_list if not title or paper.title == title]
    assert len(page.context["cl"].result_list) == (1 if title else 2)


def test_the_page_shows_the_score_in_words_and_the_latest_signals_first(admin_client: Client) -> None:
    paper = make_paper(upvotes=None)
    make_score(paper)
    for hour in range(25):
        Signal.objects.create(
            paper=paper, source="huggingface", kind="upvotes", value=100 + hour, observed_at=NOW + timedelta(hours=hour)
        )
    page = admin_client.get(page_of(paper))
    assert "Day: 2.50 (+84 upvotes)" in page.content.decode()
    (signals,) = page.context["inline_admin_formsets"]
    assert [form.original.value for form in signals] == list(range(124, 104, -1))
    assert not signals.has_add_permission


@pytest.mark.parametrize(
    ("action", "marks"),
    [
        ("pin", {"is_pinned": True}),
        ("unpin", {"is_pinned": False}),
        ("hide", {"is_hidden": True}),
        ("unhide", {"is_hidden": False}),
    ],
)
def test_an_action_marks_the_chosen_papers_only(admin_client: Client, action: str, marks: dict[str, bool]) -> None:
    before = {name: not mark for name, mark in marks.items()}
    chosen, _other = make_paper(), make_paper()
    Paper.objects.update(**before)
    assert choose_action(admin_client, PAPERS, action, chosen).startswith("1 paper ")
    assert Paper.objects.filter(**marks).get() == chosen


def test_an_action_is_noted_at_each_paper_that_it_changed_and_once() -> None:
    user = make_staff("Editor")
    client, chosen = client_of(user), [make_paper(), make_paper(is_hidden=True)]
    assert choose_action(client, PAPERS, "hide", *chosen) == "1 paper hidden."
    assert choose_action(client, PAPERS, "hide", *chosen) == "0 papers hidden."
    noted = LogEntry.objects.values_list("user", "object_id", "change_message")
    assert list(noted) == [(user.pk, str(chosen[0].pk), "Hidden.")]


def test_an_action_on_too_many_papers_changes_none(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("papers.admin.MOST_AT_ONCE", 2)
    papers = [make_paper() for _ in range(3)]
    assert "more than 2 papers" in choose_action(admin_client, PAPERS, "pin", *papers)
    assert not Paper.objects.filter(is_pinned=True).exists()
    assert choose_action(admin_client, PAPERS, "pin", *papers[:2]) == "2 papers pinned."


def test_who_may_only_look_cannot_pin() -> None:
    onlooker = User.objects.create_user("onlooker", is_staff=True)
    onlooker.user_permissions.add(Permission.objects.get(codename="view_paper"))
    client = client_of(onlooker)
    paper = make_paper()
    client.post(PAPERS, {"action": "pin", "_selected_action": [str(paper.pk)]})
    assert client.post(page_of(paper), {"is_pinned": "on"}).status_code == 403
    assert not Paper.objects.get().is_pinned


def test_papers_are_neither_added_nor_deleted_by_hand(admin_client: Client) -> None:
    paper = make_paper()
    assert admin_client.get(f"{PAPERS}add/").status_code == 403
    assert admin_client.post(f"{PAPERS}{paper.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Paper.objects.exists()


def test_a_curated_topic_is_added_with_its_terms_one_a_line(admin_client: Client) -> None:
    data = {
        "name": "Agents at Work",
        "slug": "agents-at-work",
        "kind": "keywords",
        "terms": "agent \r\n\r\ntool  use\r\n",
    }
    assert admin_client.post(f"{TOPICS}add/", data).status_code == 302
    topic = Topic.objects.get(slug="agents-at-work")
    assert topic.terms == ["agent", "tool use"]
    assert posted_by(admin_client.get(f"{TOPICS}{topic.pk}/change/"))["terms"] == "agent\ntool use"


def test_a_category_keeps_the_slug_the_sources_know_it_by(admin_client: Client) -> None:
    topic = Topic.objects.create(name="cs.CL", slug="cs.CL", kind="category")
    url = f"{TOPICS}{topic.pk}/change/"
    data = posted_by(admin_client.get(url)) | {"name": "Computation and Language", "slug": "cl", "kind": "keywords"}
    assert admin_client.post(url, data).status_code == 302
    topic.refresh_from_db()
    assert (topic.name, topic.slug, topic.kind) == ("Computation and Language", "cs.CL", "category")


def test_source_runs_say_what_was_asked_what_came_and_why_not_more(admin_client: Client) -> None:
    SourceRun.objects.create(
        source="huggingface",
        started_at=NOW,
        status="failed",
        asked="daily papers of 2026-11-23",
        received=123,
        skipped=45,
        detail="huggingface answered <b>429</b>.",
    )
    html = admin_client.get(RUNS).content.decode()
    for told in ("Failed", "daily papers of 2026-11-23", "123", "45", "huggingface answered &lt;b&gt;429&lt;/b&gt;."):
        assert told in html


def test_source_runs_are_told_apart_by_colour_and_by_filter(admin_client: Client) -> None:
    assert RUN_COLOURS.keys() == set(SourceRun.Status)
    for status in SourceRun.Status:
        SourceRun.objects.create(source="arxiv", started_at=NOW, status=status)
    page: Any = admin_client.get(RUNS, {"status__exact": "resting"})
    assert [run.status for run in page.context["cl"].result_list] == ["resting"]


@pytest.mark.parametrize("url", [RUNS, REPOSITORIES])
def test_what_the_service_writes_is_only_read(admin_client: Client, url: str) -> None:
    SourceRun.objects.create(pk=1, source="huggingface", started_at=NOW, detail="timed out")
    Repository.objects.create(pk=1, name="timed out")
    assert "timed out" in admin_client.get(f"{url}1/change/").content.decode()
    assert admin_client.post(f"{url}1/change/", {"detail": ""}).status_code == 403
    assert admin_client.get(f"{url}add/").status_code == 403
    assert admin_client.post(f"{url}1/delete/", {"post": "yes"}).status_code == 403
