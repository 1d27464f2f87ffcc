"""The desk: what it shows, and its buttons as they work without script."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from newsletter.admin.desk.showing import SHOWN
from newsletter.editions import set_places
from newsletter.models import Edition, EditionEntry
from papers.models import Paper, Signal
from tests.admin_pages import count_queries
from tests.factories import NOW, TODAY, make_delivery, make_edition, make_paper, make_reader
from tests.newsletter.desk import EDITIONS, HTMX, desk, draft_of, entry_of, make_draft, press, said, step_url, titles
from tests.staff.people import client_of, make_staff, staff_client

pytestmark = pytest.mark.django_db


def html_of(client: Client, edition: Edition, query: str = "") -> str:
    page = client.get(desk(edition) + query)
    assert page.status_code == 200
    return page.content.decode()


def shown(html: str) -> list[str]:
    """The titles on the desk, from above to below."""
    return re.findall(r"<h3 dir=\"auto\"><a [^>]*>(.*?)</a></h3>", html)


# --- What it shows --------------------------------------------------------------------------------------------------


def test_a_draft_shows_its_entries_in_order_with_their_attention_in_words_and_as_a_line(admin_client: Client) -> None:
    draft = draft_of("First", "Second", "Third")
    press(admin_client, entry_of(draft, "Third"), "pin")
    paper = entry_of(draft, "Third").paper
    for hours in (1, 2, 3):
        observed_at = timezone.now() - timedelta(hours=hours)
        Signal.objects.create(paper=paper, source="s", kind="upvotes", value=90 - hours, observed_at=observed_at)
    html = html_of(admin_client, draft)
    assert shown(html) == ["Third", "First", "Second"]
    assert "+97 upvotes since yesterday" in html
    assert html.count("<polyline") == 1
    assert re.search(r'aria-label="Upvotes: 87 on .*, 89 on ', html)


@pytest.mark.parametrize("status", [Edition.Status.DRAFT, Edition.Status.CLOSED])
def test_a_desk_of_many_papers_takes_as_many_queries_as_one_of_few(admin_client: Client, status: str) -> None:
    few = make_edition(*(make_paper() for _ in range(3)), status=status)
    many = make_edition(*(make_paper() for _ in range(20)), status=status, day=TODAY - timedelta(days=1))
    many.entries.filter(rank__gt=15).update(is_hidden=True)
    count_queries(admin_client, desk(few))
    assert count_queries(admin_client, desk(few)) == count_queries(admin_client, desk(many))


def test_of_a_long_edition_the_first_are_shown_and_what_editors_touched_then_all(admin_client: Client) -> None:
    draft = draft_of(*(f"Paper {number}" for number in range(1, SHOWN + 6)))
    press(admin_client, entry_of(draft, f"Paper {SHOWN + 4}"), "note", note="Good.")
    press(admin_client, entry_of(draft, "Paper 1"), "hide")
    telling = [f"Paper {number}" for number in (*range(2, SHOWN + 2), SHOWN + 4)]
    assert shown(html_of(admin_client, draft)) == [*telling, "Paper 1"]
    whole = [f"Paper {number}" for number in range(2, SHOWN + 6)]
    assert shown(html_of(admin_client, draft, "?all=1")) == [*whole, "Paper 1"]


def test_titles_notes_and_words_with_markup_are_shown_as_text(admin_client: Client) -> None:
    bad = "<script>alert(1)</script>"
    draft = draft_of(bad, opening_line=bad, header_note=bad)
    press(admin_client, draft.entries.get(), "note", note=bad)
    html = html_of(admin_client, draft, f"?q={bad}")
    assert bad not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 5


def test_the_clock_says_when_a_draft_closes_and_how_long_that_is(admin_client: Client) -> None:
    closes_at = timezone.now() + timedelta(hours=3, minutes=12, seconds=30)
    html = html_of(admin_client, draft_of("A", closes_at=closes_at))
    assert f"{closes_at:%H:%M} UTC" in html
    assert "in 3 h 12 min" in html


def test_a_closed_edition_shows_what_went_out_and_how_far_it_is_and_no_step(admin_client: Client) -> None:
    paper = make_paper(title="Went Out")
    closed = make_edition(paper, opening_line="Good morning.")
    make_delivery(closed, make_reader(), paper)
    html = html_of(admin_client, closed)
    assert shown(html) == ["Went Out"]
    assert "Good morning." in html
    assert "0 of 1 settled" in html
    assert "/entries/" not in html
    assert 'name="opening_line"' not in html


@pytest.mark.parametrize("kind", ["daily", "weekly"])
def test_today_leads_to_the_draft_a_daily_one_first_else_to_the_last_edition(admin_client: Client, kind: str) -> None:
    make_edition(make_paper())
    period = "2026-W48" if kind == "weekly" else "2026-11-24"
    draft = draft_of("A", kind=kind, period=period, day=TODAY + timedelta(days=6))
    if kind == "daily":
        draft_of("B", kind="weekly", period="2026-W48", day=TODAY + timedelta(days=7))
    assert admin_client.get(f"{EDITIONS}today/").headers["Location"] == desk(draft)
    Edition.objects.filter(status="draft").delete()
    assert admin_client.get(f"{EDITIONS}today/").headers["Location"] == desk(Edition.objects.get())
    Edition.objects.all().delete()
    assert "no edition yet" in said(admin_client.get(f"{EDITIONS}today/", follow=True))


@pytest.mark.parametrize("status", ["closed", "cancelled"])
def test_today_stays_with_the_daily_edition_after_it_closed(admin_client: Client, status: str) -> None:
    at = timezone.now()
    daily = make_edition(make_paper(), day=at.date(), closes_at=at, status=status)
    weekly = draft_of("A", kind="weekly", period="2027-W01", day=TODAY + timedelta(days=40))
    assert admin_client.get(f"{EDITIONS}today/").headers["Location"] == desk(daily)
    Edition.objects.filter(pk=daily.pk).update(closes_at=at - timedelta(days=1))
    assert admin_client.get(f"{EDITIONS}today/").headers["Location"] == desk(weekly)


# --- Its buttons ----------------------------------------------------------------------------------------------------


def test_what_an_editor_does_is_what_goes_out_and_stands_in_the_history() -> None:
    editor = staff_client("Editor")
    draft = draft_of("First", "Second", "Third", "Fourth")
    assert press(editor, entry_of(draft, "First"), "move", place=3) == "Moved “First” to place 3."
    assert press(editor, entry_of(draft, "Second"), "hide") == "Left “Second” out."
    assert press(editor, entry_of(draft, "Fourth"), "pin") == "Pinned “Fourth”."
    assert press(editor, entry_of(draft, "Fourth"), "note", note="Read it.") == "Noted on “Fourth”: Read it."
    assert press(editor, entry_of(draft, "First"), "follow") == "Let “First” follow the scores again."
    assert press(editor, entry_of(draft, "Second"), "unhide") == "Took “Second” in again."
    assert press(editor, entry_of(draft, "Fourth"), "unpin") == "Unpinned “Fourth”."
    assert titles(draft) == ["First", "Second", "Third", "Fourth"]
    steps = LogEntry.objects.order_by("pk").values_list("change_message", flat=True)
    assert list(steps)[:3] == ["Moved “First” to place 3", "Left “Second” out", "Pinned “Fourth”"]
    assert "Moved “First” to place 3" in html_of(editor, draft)


def test_a_button_leads_back_to_its_entry(admin_client: Client) -> None:
    draft = draft_of("A", "B")
    entry = entry_of(draft, "B")
    answer = admin_client.post(f"{step_url(entry, 'move')}?all=1", {"place": 1})
    assert answer.headers["Location"] == f"{desk(draft)}?all=1#entry-{entry.pk}"


def test_whatever_stands_in_the_address_is_no_obstacle(admin_client: Client) -> None:
    draft = draft_of("A", "B")
    url = f"{step_url(entry_of(draft, 'B'), 'pin')}?edition=1&anchor=2&q=%00&request=3"
    assert said(admin_client.post(url, follow=True)) == "Pinned “B”."


def test_a_button_that_is_pressed_twice_is_noted_once(admin_client: Client) -> None:
    draft = draft_of("A", "B")
    entry = entry_of(draft, "B")
    press(admin_client, entry, "move", place=1)
    assert press(admin_client, entry, "move", place=1) == "It was so before."
    assert LogEntry.objects.count() == 1


def test_an_arrow_goes_one_place_from_where_the_page_had_it_and_twice_is_once(admin_client: Client) -> None:
    draft = draft_of("A", "B", "C")
    entry = entry_of(draft, "C")
    assert f'name="seen" value="3" formaction="{step_url(entry, "up")}"' in html_of(admin_client, draft)
    assert press(admin_client, entry, "up", seen=3) == "Moved “C” to place 2."
    assert press(admin_client, entry, "up", seen=3) == "It was so before."
    assert press(admin_client, entry, "down", seen=2) == "Moved “C” to place 3."
    assert titles(draft) == ["A", "B", "C"]


def test_an_arrow_does_not_move_what_the_scores_moved_meanwhile(admin_client: Client) -> None:
    draft = draft_of("A", "B", "C", "D", "E")
    EditionEntry.objects.filter(pk=entry_of(draft, "E").pk).update(rank=0)
    set_places(draft)
    assert "“E” stands at place 1 meanwhile" in press(admin_client, entry_of(draft, "E"), "up", seen=5)
    assert titles(draft) == ["E", "A", "B", "C", "D"]
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("seen", ["", "0", "x", "99999999999999999999"])
def test_an_arrow_from_nowhere_changes_nothing(admin_client: Client, seen: str) -> None:
    draft = draft_of("A", "B")
    assert "Nothing was changed" in press(admin_client, entry_of(draft, "B"), "up", seen=seen)
    assert titles(draft) == ["A", "B"]


def test_a_paper_that_is_hidden_everywhere_leaves_no_gap_in_the_numbers(admin_client: Client) -> None:
    draft = draft_of("A", "B", "C")
    Paper.objects.filter(title="A").update(is_hidden=True)
    html = html_of(admin_client, draft)
    assert shown(html) == ["B", "C", "A"]
    assert re.findall(r"Place </span>(\d+)", html) == ["1", "2"]
    Paper.objects.update(is_hidden=False)
    assert re.findall(r"Place </span>(\d+)", html_of(admin_client, draft)) == ["1", "2", "3"]


def test_with_script_the_list_the_answer_and_the_history_come_back(admin_client: Client) -> None:
    draft = draft_of("A", "B")
    answer = admin_client.post(step_url(entry_of(draft, "B"), "move"), {"place": 1}, headers=HTMX)
    html = answer.content.decode()
    assert shown(html) == ["B", "A"]
    assert html.count("Moved “B” to place 1") == 2
    assert "<html" not in html
    assert answer.headers["HX-Trigger"] == '{"desk-changed": {}}'


def test_an_entry_that_left_meanwhile_answers_a_message_and_the_list_as_it_is(admin_client: Client) -> None:
    draft = draft_of("A", "B")
    entry = entry_of(draft, "A")
    url = step_url(entry, "pin")
    entry.delete()
    html = admin_client.post(url, headers=HTMX).content.decode()
    assert "This paper has left the draft" in html
    assert shown(html) == ["B"]
    assert "This paper has left the draft" in said(admin_client.post(url, follow=True))


def test_a_closing_in_between_is_told_on_the_page_of_the_closed_edition(admin_client: Client) -> None:
    draft = draft_of("A")
    entry = draft.entries.get()
    Edition.objects.update(status="closed", closing_at=NOW)
    answer = admin_client.post(step_url(entry, "hide"), headers=HTMX)
    assert answer.headers["HX-Refresh"] == "true"
    assert "no draft any more" in html_of(admin_client, draft)
    assert not draft.entries.get().is_hidden
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("place", ["", "0", "-1", "x", "1e9", "99999999999999999999"])
def test_a_place_that_is_none_changes_nothing(admin_client: Client, place: str) -> None:
    draft = draft_of("A", "B")
    assert "A place is a number" in press(admin_client, entry_of(draft, "B"), "move", place=place)
    assert titles(draft) == ["A", "B"]


def test_a_note_that_is_too_long_changes_nothing(admin_client: Client) -> None:
    draft = draft_of("A")
    assert "at most" in press(admin_client, draft.entries.get(), "note", note="x" * 301)
    assert draft.entries.get().note == ""


# --- Words ----------------------------------------------------------------------------------------------------------


def test_the_words_of_an_edition_are_saved_by_themselves(admin_client: Client) -> None:
    draft = draft_of("A")
    url = f"{EDITIONS}{draft.pk}/words/"
    # A browser counts the end of a line as one character, and sends two.
    note = "x\r\n" * 300
    page = admin_client.post(url, {"opening_line": "Good morning.", "header_note": note}, follow=True)
    assert "Set the opening line: Good morning." in said(page)
    draft.refresh_from_db()
    assert (draft.opening_line, draft.header_note.count("x")) == ("Good morning.", 300)


def test_words_that_another_editor_saved_meanwhile_stay(admin_client: Client) -> None:
    draft = draft_of("A", header_note="One.\nTwo.")
    shown = posted(admin_client.get(desk(draft)).context["words"])
    url = f"{EDITIONS}{draft.pk}/words/"
    admin_client.post(url, shown | {"opening_line": "Good morning."}, follow=True)
    page = admin_client.post(url, shown | {"header_note": "Three."}, follow=True)
    assert said(page) == "Set the header note: Three."
    draft.refresh_from_db()
    assert (draft.opening_line, draft.header_note) == ("Good morning.", "Three.")


def posted(form: Any) -> dict[str, str]:
    """What a browser sends of a form as it was shown."""
    names = re.findall(r'name="([\w-]+)"', "".join(map(str, form)))
    return {name: form[name.removeprefix("initial-")].value().replace("\n", "\r\n") for name in names}


def test_words_that_are_too_long_stay_in_the_form_with_what_is_wrong(admin_client: Client) -> None:
    draft = draft_of("A")
    page = admin_client.post(f"{EDITIONS}{draft.pk}/words/", {"opening_line": "y" * 201, "header_note": "Kept."})
    html = page.content.decode()
    assert page.status_code == 422
    assert "y" * 201 in html
    assert "Kept." in html
    assert "at most 200 characters" in html
    draft.refresh_from_db()
    assert (draft.opening_line, draft.header_note) == ("", "")


# --- Who may --------------------------------------------------------------------------------------------------------


def test_nothing_changes_by_looking(admin_client: Client) -> None:
    draft = draft_of("A", "B")
    for address in ("entries/1/pin/", "add/", "look-up/", "words/"):
        assert admin_client.get(f"{EDITIONS}{draft.pk}/{address}").status_code == 405
    assert admin_client.post(desk(draft), {"status": "closed"}).status_code == 405


def test_who_may_not_change_an_edition_has_no_buttons_and_no_way_around_them() -> None:
    support = staff_client("Support")
    draft = make_draft(make_paper())
    assert support.get(desk(draft)).status_code == 403
    assert support.get(f"{EDITIONS}today/").status_code == 403
    assert support.get(f"{EDITIONS}{draft.pk}/find/?q=paper").status_code == 403
    entry = draft.entries.get()
    for step in ("move", "up", "pin", "hide", "note"):
        assert support.post(step_url(entry, step), {"place": 1, "note": "x"}).status_code == 403
    for address in ("add/", "look-up/", "words/"):
        assert support.post(f"{EDITIONS}{draft.pk}/{address}", {"paper": 1}).status_code == 403


def test_who_may_only_look_sees_the_desk_without_its_buttons_and_has_no_way_around_them() -> None:
    user = make_staff("Support")
    user.user_permissions.add(Permission.objects.get(codename="view_edition"))
    client = client_of(user)
    draft = draft_of("A", "B")
    html = html_of(client, draft)
    assert shown(html) == ["A", "B"]
    assert not re.findall(r"/(?:entries|words|add|look-up)/", html)
    for step in ("move", "up", "down", "follow", "pin", "unpin", "hide", "unhide", "note"):
        assert client.post(step_url(entry_of(draft, "B"), step), {"place": 1, "note": "x"}).status_code == 403
    for address in ("add/", "look-up/", "words/"):
        told = {"paper": make_paper().pk, "arxiv_id": "2609.28471", "opening_line": "x"}
        assert client.post(f"{EDITIONS}{draft.pk}/{address}", told).status_code == 403
    draft.refresh_from_db()
    assert (titles(draft), draft.opening_line) == (["A", "B"], "")


def test_an_unknown_edition_or_step_is_not_found(admin_client: Client) -> None:
    draft = draft_of("A")
    assert admin_client.get(f"{EDITIONS}{draft.pk + 1}/change/").status_code == 404
    assert admin_client.get(f"{EDITIONS}x/change/").status_code == 404
    assert admin_client.post(step_url(draft.entries.get(), "sell")).status_code == 404
