"""What an operator does to an edition from its desk and from the list; what cannot be undone is typed first."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from newsletter.admin import edition_acts as acts
from newsletter.admin.acts import Act
from newsletter.admin.edition_acts import EDITION_ACTS
from newsletter.models import Delivery, Edition
from tests.admin_pages import choose_action
from tests.factories import NOW, make_edition, make_paper
from tests.newsletter.desk import EDITIONS, desk, said
from tests.newsletter.operators import act_url, draft_of_today, edition_of, press, states
from tests.staff.people import staff_client

pytestmark = pytest.mark.django_db

Status = Delivery.Status
ASKING = [act for act in EDITION_ACTS if act.warning]
AT_ONCE = [act for act in EDITION_ACTS if not act.warning]


# --- What is typed ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ASKING, ids=lambda act: act.name)
@pytest.mark.parametrize("typed", ["", "yes", "2020-01-01"])
def test_what_cannot_be_undone_is_not_done_unless_the_period_is_typed(
    admin_client: Client, act: Act[Edition], typed: str
) -> None:
    edition = draft_of_today() if act is acts.CLOSE else edition_of(Status.UNKNOWN)
    before = list(Edition.objects.values()), states()
    page = press(admin_client, edition, act, typed)
    assert page.status_code == 422
    assert f"That is not {edition.period}. Nothing was done." in page.content.decode()
    assert (list(Edition.objects.values()), states()) == before
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("act", ASKING, ids=lambda act: act.name)
def test_opening_the_page_that_asks_does_nothing(admin_client: Client, act: Act[Edition]) -> None:
    edition = draft_of_today() if act is acts.CLOSE else edition_of(Status.UNKNOWN)
    before = list(Edition.objects.values()), states()
    html = admin_client.get(act_url(edition, act)).content.decode()
    assert act.warning in html
    assert f"<kbd>{edition.period}</kbd>" in html
    assert (list(Edition.objects.values()), states()) == before


def test_blanks_around_the_period_do_not_matter(admin_client: Client) -> None:
    edition = edition_of(Status.QUEUED)
    press(admin_client, edition, acts.CANCEL, f" {edition.period} ")
    assert Edition.objects.get().status == Edition.Status.CANCELLED


@pytest.mark.parametrize(
    ("act", "before", "after", "told"),
    [
        (acts.CANCEL, Status.QUEUED, ("skipped", "cancelled"), "Cancelled it. Deliveries skipped: 1."),
        (acts.LET_UNKNOWN_BE, Status.UNKNOWN, ("skipped", "uncertain"), "Let unknown deliveries be: 1."),
        (acts.SEND_UNKNOWN_AGAIN, Status.UNKNOWN, ("queued", ""), "Queued unknown deliveries again: 1. Too late: 0."),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_with_the_period_typed_it_is_done_told_and_in_the_history(
    admin_client: Client, act: Act[Edition], before: str, after: tuple[str, str], told: str
) -> None:
    edition = edition_of(before)
    assert said(press(admin_client, edition, act)) == f"{edition}: {told}"
    assert states() == [after]
    assert LogEntry.objects.get().get_change_message() == told


def test_who_answers_about_an_edition_that_has_changed_meanwhile_is_asked_again(admin_client: Client) -> None:
    edition = edition_of(Status.QUEUED, Status.ACCEPTED)
    answer = {"typed": edition.period, "seen": Edition.Status.DRAFT}
    page = admin_client.post(act_url(edition, acts.CANCEL), answer).content.decode()
    assert "This has changed since the page was opened. Nothing was done." in page
    assert "1 wait to be sent, 1 have left." in page
    assert Edition.objects.get().status == Edition.Status.CLOSED


def test_what_does_not_fit_is_not_offered_and_told_when_it_is_tried(admin_client: Client) -> None:
    edition = edition_of(Status.QUEUED)
    press(admin_client, edition, acts.CANCEL)
    assert 'name="typed"' not in admin_client.get(act_url(edition, acts.CANCEL)).content.decode()
    assert "It was cancelled before." in said(press(admin_client, edition, acts.CANCEL))
    assert LogEntry.objects.count() == 1


# --- At once ----------------------------------------------------------------------------------------------------------


def test_an_edition_is_paused_and_resumed_from_its_desk(admin_client: Client) -> None:
    edition = edition_of(Status.QUEUED)
    assert said(press(admin_client, edition, acts.PAUSE)) == f"{edition}: Paused it."
    paused_at = Edition.objects.get().paused_at
    assert "It is not paused" in said(press(admin_client, edition, acts.PAUSE))
    assert Edition.objects.get().paused_at == paused_at is not None
    assert said(press(admin_client, edition, acts.RESUME)) == f"{edition}: Resumed it. Still to be sent: 1."
    assert Edition.objects.sending().get() == edition
    assert [step.get_change_message() for step in LogEntry.objects.order_by("pk")] == [
        "Paused it.",
        "Resumed it. Still to be sent: 1.",
    ]


@pytest.mark.parametrize("act", AT_ONCE, ids=lambda act: act.name)
def test_nothing_is_done_by_opening_a_link(admin_client: Client, act: Act[Edition]) -> None:
    edition = edition_of(Status.FAILED)
    assert admin_client.get(act_url(edition, act)).status_code == 405


@pytest.mark.parametrize("act", [acts.PAUSE, acts.RESUME], ids=lambda act: act.name)
def test_a_draft_is_neither_paused_nor_resumed(admin_client: Client, act: Act[Edition]) -> None:
    draft = draft_of_today()
    assert f"It is not {act.name}d" in said(press(admin_client, draft, act))
    assert Edition.objects.get().paused_at is None


def test_the_desk_offers_what_fits() -> None:
    def offered(client: Client, edition: Edition) -> list[str]:
        return [button.label for button in client.get(desk(edition)).context["buttons"]]

    owner, editor = staff_client("Owner"), staff_client("Editor")
    draft = draft_of_today()
    assert offered(editor, draft) == offered(owner, draft) == ["Close now", "Cancel the edition"]
    Edition.objects.update(period="2026-01-01")
    edition = edition_of(Status.UNKNOWN, Status.FAILED)
    resolving = ["Retry failed ones", "Let unknown ones be", "Send unknown ones again"]
    assert offered(owner, edition) == ["Pause sending", "Cancel the edition", *resolving]
    assert offered(editor, edition) == ["Pause sending", "Cancel the edition"]
    edition.pause(NOW)
    assert offered(editor, edition) == ["Resume sending", "Cancel the edition"]


@pytest.mark.parametrize("act", EDITION_ACTS, ids=lambda act: act.name)
def test_who_lacks_the_permission_can_neither_ask_nor_act(act: Act[Edition]) -> None:
    edition = edition_of(Status.UNKNOWN, Status.FAILED, Status.QUEUED)
    before = list(Edition.objects.values()), states()
    roles = ["Support"] if act.permission == acts.OPERATE else ["Support", "Editor"]
    for role in roles:
        client = staff_client(role)
        assert client.post(act_url(edition, act), {"typed": edition.period, "seen": edition.status}).status_code == 403
        assert client.get(act_url(edition, act)).status_code in {403, 405}
    assert (list(Edition.objects.values()), states()) == before


# --- From the list ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "act"),
    [
        ("close_now", acts.CLOSE),
        ("cancel", acts.CANCEL),
        ("let_unknown_be", acts.LET_UNKNOWN_BE),
        ("send_unknown_again", acts.SEND_UNKNOWN_AGAIN),
    ],
)
def test_on_the_list_what_cannot_be_undone_leads_to_the_page_that_asks(
    admin_client: Client, action: str, act: Act[Edition]
) -> None:
    edition = edition_of(Status.UNKNOWN)
    answer = admin_client.post(EDITIONS, {"action": action, "_selected_action": [str(edition.pk)], "confirmed": "yes"})
    assert (answer.status_code, answer["Location"]) == (302, act_url(edition, act))
    assert states() == [("unknown", "")]


def test_on_the_list_it_is_one_edition_at_a_time(admin_client: Client) -> None:
    first = edition_of(Status.QUEUED)
    second = make_edition(make_paper())
    assert "one edition at a time" in choose_action(admin_client, EDITIONS, "cancel", first, second)
    assert not Edition.objects.filter(status="cancelled").exists()


def test_on_the_list_several_are_paused_and_resumed(admin_client: Client) -> None:
    first, second = edition_of(Status.QUEUED), make_edition(make_paper())
    assert choose_action(admin_client, EDITIONS, "pause", first, second).count("Paused it.") == 2
    assert not Edition.objects.sending().exists()
    choose_action(admin_client, EDITIONS, "resume", first, second)
    assert Edition.objects.sending().count() == 2


def test_on_the_list_only_who_may_is_offered_an_action() -> None:
    edition_of(Status.QUEUED)
    operating = {"close_now", "pause", "resume", "cancel"}
    resolving = {"let_unknown_be", "send_unknown_again", "retry_failed"}
    for role, offered in (("Owner", operating | resolving), ("Editor", operating)):
        page: Any = staff_client(role).get(EDITIONS)
        choices = {name for name, _ in page.context["action_form"].fields["action"].choices if name}
        assert choices - {"delete_selected"} == offered
