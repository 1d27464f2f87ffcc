"""The page that shows an edition as a reader gets it."""

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import Settings

from newsletter.admin.desk.previewing import Light, in_light
from newsletter.models import Delivery, Edition
from newsletter.preview import NothingToPreview, preview_of
from papers.models import Topic
from subscribers.preferences import Preferences
from tests.conftest import MailServer
from tests.factories import TODAY, make_delivery, make_edition, make_paper, make_reader
from tests.letters import read_mail, text_of
from tests.newsletter.desk import EDITIONS, draft_of, make_draft, said
from tests.staff.people import client_of, make_staff, staff_client

pytestmark = pytest.mark.django_db


def preview_url(edition: Edition, part: str = "") -> str:
    return f"{EDITIONS}{edition.pk}/preview/{part}"


def shown(client: Client, edition: Edition, **query: str | int) -> str:
    return client.get(preview_url(edition), query).content.decode()


def mail(client: Client, edition: Edition, **query: str | int) -> str:
    return client.get(preview_url(edition, "mail/"), query).content.decode()


def titles(html: str) -> list[str]:
    return re.findall(r"<h2[^>]*><a [^>]*>([^<]*)</a></h2>", html)


# --- Who ----------------------------------------------------------------------------------------------------------


def test_a_draft_is_shown_as_a_reader_who_asked_for_nothing_gets_it(admin_client: Client) -> None:
    draft = draft_of("Marmots", "Robots", opening_line="Good morning.")
    page = shown(admin_client, draft)
    assert "Marmots, and 1 more" in page
    assert "Also: Robots. Good morning." in page
    assert re.search(r"\d\.\d kB of HTML", page)
    assert titles(mail(admin_client, draft)) == ["Marmots", "Robots"]


def test_what_an_editor_changes_is_seen_at_once(admin_client: Client) -> None:
    draft = draft_of("Marmots", "Robots")
    mail(admin_client, draft)
    draft.entries.filter(paper__title="Marmots").update(is_hidden=True)
    assert titles(mail(admin_client, draft)) == ["Robots"]


def test_a_typical_reader_gets_what_they_follow_first(admin_client: Client) -> None:
    draft = draft_of("Marmots", "Robots")
    topic = Topic.objects.create(slug="walking", name="Walking", kind=Topic.Kind.KEYWORDS)
    topic.followers.add(make_reader())
    topic.papers.add(*[entry.paper for entry in draft.entries.filter(paper__title="Robots")])
    assert "follows Walking, as one reader does" in shown(admin_client, draft)
    html = mail(admin_client, draft, whom=f"topic-{topic.pk}")
    assert titles(html)[0] == "Robots"
    assert "in Walking, which you follow" in html


def test_any_reader_is_shown_by_number_and_never_by_address(admin_client: Client) -> None:
    reader = make_reader(email="ada@example.org", muted_words="marmots", interests="robots")
    draft = draft_of("Marmots", "Robots")
    query = {"whom": "reader", "number": str(reader.pk)}
    page, html = shown(admin_client, draft, **query), mail(admin_client, draft, **query)
    text = shown(admin_client, draft, **query, form="text")
    assert titles(html) == ["Robots"]
    assert "ada@" not in page + html + text


def test_an_editor_learns_no_word_of_what_a_reader_wrote_or_saved(mail_server: MailServer) -> None:
    reader = make_reader(interests="chronic illness", followed_authors="Ada Lovelace")
    draft = draft_of("Marmots and chronic illness", "Robots", "Tea")
    topic = Topic.objects.get(slug="robotics")
    topic.papers.add(draft.entries.get(paper__title="Robots").paper)
    topic.followers.add(reader)
    _, client = editor_with("editor@example.org")
    query = {"whom": "reader", "number": str(reader.pk)}
    send(client, draft, **query)
    sent = text_of(read_mail(mail_server.received[0].content))
    for told in (mail(client, draft, **query), shown(client, draft, **query, form="text"), sent):
        assert "matches what the reader asked for" in told
        assert not re.search("“chronic illness”|whom you follow|which you follow", told)
    owner = mail(staff_client("Owner"), draft, **query)
    assert "matches “chronic illness”, by Ada Lovelace, whom you follow" in owner


def test_of_a_digest_that_went_out_an_editor_learns_no_more(admin_client: Client) -> None:
    papers = [make_paper(title=title) for title in ("Near", "Trending", "Old")]
    closed, reader = make_edition(*papers), make_reader()
    delivery = make_delivery(closed, reader, *papers)
    delivery.picks[0] |= {"reason": "because you saved “My Illness”", "basis": "taste"}
    delivery.picks[1] |= {"reason": "trending: +84 upvotes", "basis": "trending"}
    # As picks were kept before they had a basis.
    delivery.picks[2] |= {"reason": "matches “illness”"}
    delivery.save()
    html = mail(staff_client("Editor"), closed, whom="reader", number=reader.pk)
    assert "llness" not in html
    for told in ("near what the reader likes", "trending: +84 upvotes", "chosen for the reader"):
        assert told in html
    assert "My Illness" in mail(admin_client, closed, whom="reader", number=reader.pk)


@pytest.mark.parametrize(("number", "why"), [("999999", "no reader with this number"), ("", "Give a number")])
def test_a_reader_who_is_not_there_is_told(admin_client: Client, number: str, why: str) -> None:
    draft = draft_of("Marmots")
    assert why in shown(admin_client, draft, whom="reader", number=number)
    assert admin_client.get(preview_url(draft, "mail/"), {"whom": "reader", "number": number}).status_code == 404


@pytest.mark.parametrize("number", ["x", "1x", "-1", "9" * 40, "١"])
def test_what_is_no_number_is_nobody(admin_client: Client, number: str) -> None:
    assert "no reader with this number" in shown(admin_client, draft_of("Marmots"), whom="reader", number=number)


def test_words_that_are_none_of_ours_show_what_is_shown_first(admin_client: Client) -> None:
    page = shown(admin_client, draft_of("Marmots"), whom="topic-x", screen="x", light="<b>", form="0")
    assert 'class="desk-mail is-phone"' in page
    assert "<b>" not in page


def test_a_reader_for_whom_nothing_is_left_is_told_so(admin_client: Client) -> None:
    reader = make_reader(muted_words="marmots")
    assert "has no paper" in shown(admin_client, draft_of("Marmots"), whom="reader", number=reader.pk)


# --- What is closed -------------------------------------------------------------------------------------------------


def test_a_closed_edition_is_shown_as_it_was_frozen(admin_client: Client) -> None:
    paper = make_paper(title="Marmots")
    closed = make_edition(paper, make_paper(title="Robots"))
    paper.title = "Corrected since"
    paper.save()
    assert titles(mail(admin_client, closed)) == ["Marmots", "Robots"]


def test_a_reader_s_digest_of_a_closed_edition_is_the_one_they_got(admin_client: Client) -> None:
    first, second = make_paper(title="Marmots"), make_paper(title="Robots")
    closed, reader = make_edition(first, second), make_reader()
    make_delivery(closed, reader, second)
    html = mail(admin_client, closed, whom="reader", number=reader.pk)
    assert titles(html) == ["Robots"]


def test_a_reader_who_got_nothing_is_told_why(admin_client: Client) -> None:
    closed, reader = make_edition(make_paper()), make_reader()
    make_delivery(closed, reader, status=Delivery.Status.SKIPPED, skip_reason=Delivery.SkipReason.PAUSED)
    page = shown(admin_client, closed, whom="reader", number=reader.pk)
    assert f"Reader {reader.pk} has no digest of edition {closed}: the reader takes a break." in page


def test_a_draft_that_was_cancelled_has_nothing_to_show() -> None:
    cancelled = make_edition(make_paper(), status=Edition.Status.CANCELLED)
    with pytest.raises(NothingToPreview):
        preview_of(cancelled, Preferences())


# --- Screens, light and safety --------------------------------------------------------------------------------------


def test_the_mail_is_framed_by_us_alone_and_runs_nothing(admin_client: Client) -> None:
    draft = draft_of("Marmots")
    page = shown(admin_client, draft)
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    answer = admin_client.get(preview_url(draft, "mail/"))
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "script-src 'none'" in policy


def test_links_of_a_preview_act_for_nobody(admin_client: Client, settings: Settings) -> None:
    closed, reader, paper = make_edition(make_paper()), make_reader(), make_paper()
    make_delivery(closed, reader, closed.entries.get().paper)
    query = {"whom": "reader", "number": str(reader.pk)}
    bodies = mail(admin_client, closed, **query) + shown(admin_client, closed, **query, form="text")
    assert not any(f"{settings.SITE_URL}/{path}/" in bodies for path in ("u", "preferences", "say", "digest"))
    assert paper


def test_a_title_with_markup_stays_a_title(admin_client: Client) -> None:
    draft = draft_of("<script>alert(1)</script>")
    for html in (shown(admin_client, draft), mail(admin_client, draft), shown(admin_client, draft, form="text")):
        assert "<script>alert" not in html
        assert "&lt;script&gt;alert(1)" in html


def test_dark_is_seen_on_a_light_screen_and_light_on_a_dark_one(admin_client: Client) -> None:
    draft = draft_of("Marmots")
    dark, light = mail(admin_client, draft, light="dark"), mail(admin_client, draft, light="light")
    assert "@media all {" in dark
    assert "@media not all {" in light
    for html, name in ((dark, "dark"), (light, "light")):
        assert "prefers-color-scheme" not in html
        assert f'content="{name}"' in html
        assert f"color-scheme: {name};" in html


def test_only_styles_are_changed_by_light() -> None:
    html = '<head><style type="x">@media (prefers-color-scheme: dark) {}</style></head>(prefers-color-scheme: dark)'
    changed = in_light(html, Light.DARK)
    assert changed == (
        '<head><base target="_blank"><style type="x">@media all {}</style></head>(prefers-color-scheme: dark)'
    )


def test_a_preview_is_changed_by_links_that_keep_the_rest(admin_client: Client) -> None:
    page = shown(admin_client, draft_of("Marmots"), screen="desk", light="dark")
    assert "?whom=plain&amp;screen=phone&amp;light=dark&amp;form=html" in page
    assert "?whom=plain&amp;screen=desk&amp;light=dark&amp;form=text" in page


def test_the_text_is_shown_as_it_is_mailed(admin_client: Client) -> None:
    draft = draft_of("Marmots & robots")
    text = preview_of(draft, Preferences()).text
    assert "Marmots & robots" in text
    assert text.replace("&", "&amp;").strip() in shown(admin_client, draft, form="text").replace("&#x27;", "'")


# --- Who may ----------------------------------------------------------------------------------------------------------


def test_whoever_may_see_editions_may_preview_them() -> None:
    draft = draft_of("Marmots")
    editor, support = staff_client("Editor"), staff_client("Support")
    for part in ("", "mail/"):
        assert editor.get(preview_url(draft, part)).status_code == 200
        assert support.get(preview_url(draft, part)).status_code == 403
        assert Client().get(preview_url(draft, part)).status_code == 302


def test_looking_changes_nothing(admin_client: Client) -> None:
    draft = draft_of("Marmots")
    before = list(Edition.objects.values())
    shown(admin_client, draft)
    mail(admin_client, draft)
    assert list(Edition.objects.values()) == before
    assert not Delivery.objects.exists()
    assert admin_client.post(preview_url(draft)).status_code == 405


# --- To oneself -------------------------------------------------------------------------------------------------------


def send(client: Client, edition: Edition, **fields: object) -> Any:
    return client.post(preview_url(edition, "send/"), fields, follow=True)


def editor_with(address: str) -> tuple[User, Client]:
    user = make_staff("Editor")
    user.email = address
    user.save()
    return user, client_of(user)


def test_an_editor_sends_what_is_shown_to_themselves_and_to_nobody_else(mail_server: MailServer) -> None:
    user, client = editor_with("editor@example.org")
    reader = make_reader(muted_words="marmots")
    draft = draft_of("Marmots", "Robots")
    fields = {"whom": "reader", "number": str(reader.pk), "to": "other@example.org", "email": "other@example.org"}
    page = send(client, draft, **fields)
    assert said(page) == "The test is on its way to the address of your account."
    assert page.context["asked"].number == str(reader.pk)
    assert set(page.wsgi_request.GET) == {"whom", "number", "screen", "light", "form"}
    (envelope,) = mail_server.received
    assert envelope.rcpt_tos == ["editor@example.org"]
    assert b"Subject: [Test] Robots\r\n" in (envelope.content or b"")
    step = LogEntry.objects.get()
    assert (step.get_change_message(), step.user, step.object_id) == (
        f"Sent a test to user {user.pk}",
        user,
        str(draft.pk),
    )


def test_who_has_no_address_is_told_and_nothing_is_noted(mail_server: MailServer) -> None:
    _, client = editor_with("")
    draft = draft_of("Marmots")
    assert "Your account has no e-mail address" in said(send(client, draft))
    page = shown(client, draft)
    assert "ask an owner to add one" in page
    assert "Send this to me" not in page
    assert not LogEntry.objects.exists()


def test_a_closed_edition_can_be_tried_too(mail_server: MailServer) -> None:
    _, client = editor_with("editor@example.org")
    send(client, make_edition(make_paper(), day=TODAY))
    assert len(mail_server.received) == 1


def test_a_test_is_sent_by_nobody_who_may_not_edit_and_by_no_link(mail_server: MailServer) -> None:
    draft = make_draft(make_paper())
    assert staff_client("Support").post(preview_url(draft, "send/")).status_code == 403
    onlooker = make_staff("Support")
    onlooker.email = "onlooker@example.org"
    onlooker.save()
    onlooker.user_permissions.add(Permission.objects.get(codename="view_edition"))
    client = client_of(onlooker)
    assert client.get(preview_url(draft)).status_code == 200
    assert "Send this to me" not in shown(client, draft)
    assert client.post(preview_url(draft, "send/")).status_code == 403
    assert editor_with("editor@example.org")[1].get(preview_url(draft, "send/")).status_code == 405
    assert mail_server.received == []
