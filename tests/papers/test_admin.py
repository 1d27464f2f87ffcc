from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.db.models.signals import pre_save
from django.test import Client

from papers.models import Paper, Signal, SourceRun, Topic, TrendingScore
from tests.admin_pages import assert_rows_cost_no_queries, choose_action, posted_by
from tests.factories import NOW, make_paper

pytestmark = pytest.mark.django_db

PAPERS = "/admin/papers/paper/"
TOPICS = "/admin/papers/topic/"
RUNS = "/admin/papers/sourcerun/"


def page_of(paper: Paper) -> str:
    return f"{PAPERS}{paper.pk}/change/"


def make_score(paper: Paper, score: float = 2.5) -> TrendingScore:
    parts = [{"kind": "upvotes", "gain": 84, "points": score}]
    return TrendingScore.objects.create(paper=paper, window="day", score=score, parts=parts, version="1", scored_at=NOW)


def make_rows(count: int) -> None:
    for _ in range(count):
        paper = make_paper()
        make_score(paper)
        topic = Topic.objects.create(name=f"Topic {paper.pk}", slug=f"topic-{paper.pk}", kind="keywords", terms=["x"])
        paper.topics.add(topic)
        SourceRun.objects.create(source="huggingface", started_at=NOW)


@pytest.mark.parametrize("url", [PAPERS, TOPICS, RUNS])
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
    paper = make_paper(title="Sparse Attention", arxiv_id="2611.99999")
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


def test_facts_of_the_sources_cannot_be_changed(admin_client: Client) -> None:
    paper = make_paper(title="As Published")
    page = admin_client.get(page_of(paper))
    assert set(page.context["adminform"].form.fields) == {"is_pinned", "is_hidden", "editor_note"}
    forged = {"title": "Improved", "key": "doi:1", "authors": "[]", "is_sample": "on"}
    admin_client.post(page_of(paper), posted_by(page) | forged)
    changed = Paper.objects.get()
    assert (changed.title, changed.key, changed.is_sample) == ("As Published", paper.key, False)
    assert changed.authors == paper.authors


def test_saving_leaves_the_facts_to_a_source_that_was_read_meanwhile(admin_client: Client) -> None:
    paper = make_paper(title="Old Title")
    data = posted_by(admin_client.get(page_of(paper)))

    def read_source(**_: object) -> None:
        Paper.objects.update(title="New Title")

    pre_save.connect(read_source, sender=Paper)
    try:
        admin_client.post(page_of(paper), data | {"editor_note": "Good"})
    finally:
        pre_save.disconnect(read_source, sender=Paper)
    assert Paper.objects.values_list("title", "editor_note").get() == ("New Title", "Good")


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


def test_who_may_only_look_cannot_pin(client: Client) -> None:
    onlooker = User.objects.create_user("onlooker", is_staff=True)
    onlooker.user_permissions.add(Permission.objects.get(codename="view_paper"))
    client.force_login(onlooker)
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


def test_source_runs_are_only_read(admin_client: Client) -> None:
    run = SourceRun.objects.create(source="huggingface", started_at=NOW, error="timed out")
    url = f"{RUNS}{run.pk}/change/"
    assert "timed out" in admin_client.get(url).content.decode()
    assert admin_client.post(url, {"error": ""}).status_code == 403
    assert admin_client.get(f"{RUNS}add/").status_code == 403
    assert admin_client.post(f"{RUNS}{run.pk}/delete/", {"post": "yes"}).status_code == 403
