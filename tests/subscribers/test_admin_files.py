"""Readers in and out by the pages of the admin."""

import base64
import csv
import io
import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from newsletter.admin import records
from subscribers import optin
from subscribers.admin import files
from subscribers.forms import importing
from subscribers.models import ImportBatch, Subscriber
from tests.admin_pages import choose_action
from tests.factories import NOW, make_reader
from tests.staff.people import client_of
from tests.subscribers.files import PROVENANCE, take_in

pytestmark = pytest.mark.django_db

READERS = "/admin/subscribers/subscriber/"
IMPORT, CONFIRM, EXPORT = f"{READERS}import/", f"{READERS}process_import/", f"{READERS}export/"
IMPORTS = "/admin/subscribers/importbatch/"
FILE = "E-Mail;Hour\nada@example.org;9\ngrace@example.org;25\n"


def upload(text: str | bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("readers.csv", text if isinstance(text, bytes) else text.encode())


def try_file(client: Client, text: str = FILE, provenance: str = PROVENANCE) -> Any:
    return client.post(IMPORT, {"provenance": provenance, "file": upload(text)})


def confirm(client: Client, page: Any, text: str | bytes = FILE, **more: str) -> Any:
    told = {field.html_name: field.value() or "" for field in page.context["form"] if field.html_name != "file"}
    return client.post(CONFIRM, told | {"file": upload(text)} | more, follow=True)


def staff(*permissions: str) -> Client:
    user = User.objects.create_user("grace", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return client_of(user)


def test_a_file_is_tried_before_it_is_taken_in(admin_client: Client) -> None:
    assert "Import" in admin_client.get(READERS).content.decode()
    tried = try_file(admin_client)
    page = tried.content.decode()
    assert "It would be 1 new, 0 skipped, 1 refused." in page
    assert "Row 3: hour: not a full hour from 0 to 23: 25" in page
    assert not Subscriber.objects.exists()
    assert not ImportBatch.objects.exists()
    done = confirm(admin_client, tried)
    batch = ImportBatch.objects.get()
    assert f"Import {batch.pk}: 1 new, 0 skipped, 1 refused." in done.content.decode()
    assert (Subscriber.objects.get().email, batch.provenance) == ("ada@example.org", PROVENANCE)
    assert LogEntry.objects.get().get_edited_object() == batch


def test_only_what_was_tried_is_taken_in(admin_client: Client) -> None:
    tried = try_file(admin_client)
    for other in (
        confirm(admin_client, tried, FILE + "eve@example.org;\n"),
        confirm(admin_client, tried, provenance="Another provenance"),
    ):
        assert "This is not the file that was tried." in other.content.decode()
    assert "Try it again." in confirm(admin_client, tried, tried="forged").content.decode()
    assert admin_client.get(CONFIRM).headers["Location"] == IMPORT
    assert not Subscriber.objects.exists()


def test_a_try_that_is_long_past_is_made_again(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = try_file(admin_client)
    monkeypatch.setattr(importing, "TRIED_VALID_FOR", -importing.TRIED_VALID_FOR)
    assert "It is too long since the file was tried." in confirm(admin_client, tried).content.decode()


@pytest.mark.parametrize(
    ("text", "provenance", "why"),
    [
        ("Name\nAda\n", PROVENANCE, "No column is called email. The columns are: Name."),
        ("", PROVENANCE, "The submitted file is empty."),
        (FILE, "bought it", "Ensure this value has at least 10 characters"),
        ("email\n" + "x" * importing.MAX_UPLOAD, PROVENANCE, "manage.py import_subscribers FILE"),
    ],
)
def test_what_cannot_be_taken_in_is_said(text: str, provenance: str, why: str, admin_client: Client) -> None:
    assert why in try_file(admin_client, text, provenance).content.decode()


def test_names_in_a_file_are_text_on_the_page(admin_client: Client) -> None:
    page = try_file(admin_client, "email,<script>alert(1)</script>\n<b>x</b>@example.org,\n").content.decode()
    assert "<script>alert(1)" not in page
    assert "<b>x" not in page


def test_of_many_refused_rows_the_first_are_shown(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "REFUSALS_SHOWN", 2)
    page = try_file(admin_client, "email\nx\ny\nz\n").content.decode()
    assert "the first 2" in page
    assert ("Row 3:" in page, "Row 4:" in page) == (True, False)


def test_who_may_only_look_takes_nobody_in_or_out() -> None:
    client = staff("view_subscriber", "view_importbatch")
    assert {client.get(url).status_code for url in (IMPORT, CONFIRM, EXPORT)} == {403}
    assert try_file(client).status_code == 403
    page = client.get(READERS).content.decode()
    assert (IMPORT in page, EXPORT in page) == (False, False)


def test_an_export_is_safe_to_open_and_can_be_imported(admin_client: Client) -> None:
    make_reader(email="ada@example.org", interests="=1+1")
    make_reader(email="grace@example.org", status="pending")
    answer = admin_client.post(EXPORT, {"format": "0", "resource": "0"})
    rows = list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))
    assert [(row["email"], row["interests"], row["status"]) for row in rows] == [
        ("ada@example.org", "'=1+1", "active"),
        ("grace@example.org", "", "pending"),
    ]


def test_an_export_in_json_tells_the_same(admin_client: Client) -> None:
    make_reader(email="ada@example.org", interests="=1+1")
    (row,) = admin_client.post(EXPORT, {"format": "1", "resource": "0"}).json()
    assert (row["email"], row["interests"]) == ("ada@example.org", "=1+1")


def test_an_export_follows_the_list_as_it_was_filtered(admin_client: Client) -> None:
    make_reader(email="ada@example.org")
    make_reader(status="unsubscribed")
    answer = admin_client.post(f"{EXPORT}?status__exact=active", {"format": "1", "resource": "0"})
    assert [row["email"] for row in answer.json()] == ["ada@example.org"]


def test_too_many_readers_for_a_page_are_told_the_command(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_EXPORT", 1)
    make_reader()
    make_reader()
    page = admin_client.post(EXPORT, {"format": "0", "resource": "0"}).content.decode()
    assert "manage.py export_subscribers" in page


def undo(client: Client, *batches: ImportBatch, readers: int = 1) -> str:
    """Undo imports and type how many readers go; return what the admin answers, in words."""
    return choose_action(client, IMPORTS, "undo", *batches, typed=f"undo {readers}")


def test_undoing_asks_first_and_says_how_many_would_go(admin_client: Client) -> None:
    take_in("email\nada@example.org\ngrace@example.org\n")
    batch = ImportBatch.objects.get()
    optin.unsubscribe(Subscriber.objects.get(email="grace@example.org"), source="page", at=NOW)
    page = admin_client.post(IMPORTS, {"action": "undo", "_selected_action": [str(batch.pk)]}).content.decode()
    assert "to be deleted 1, to be kept 1" in page
    assert "<kbd>undo 1</kbd>" in page
    undo(admin_client, batch, readers=2)
    assert Subscriber.objects.count() == 2
    assert not LogEntry.objects.exists()


def test_an_import_is_undone_in_the_list(admin_client: Client) -> None:
    take_in("email\nada@example.org\n")
    batch = ImportBatch.objects.get()
    assert undo(admin_client, batch) == f"{batch}: 1 readers deleted, 0 kept."
    assert not Subscriber.objects.exists()
    assert PROVENANCE in admin_client.get(f"{IMPORTS}{batch.pk}/change/").content.decode()


def test_who_may_only_look_at_imports_cannot_undo_them() -> None:
    take_in("email\nada@example.org\n")
    client = staff("view_importbatch")
    undo(client, ImportBatch.objects.get())
    assert Subscriber.objects.exists()


def test_a_large_import_is_undone_on_the_server(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MAX_UNDONE", 0)
    take_in("email\nada@example.org\n")
    assert "manage.py undo_import" in undo(admin_client, ImportBatch.objects.get())
    assert Subscriber.objects.exists()


def test_imports_that_are_large_together_are_undone_on_the_server(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "MAX_UNDONE", 1)
    for name in ("ada", "grace"):
        take_in(f"email\n{name}@example.org\n")
    assert "manage.py undo_import" in undo(admin_client, *ImportBatch.objects.all(), readers=2)
    assert Subscriber.objects.count() == 2


def test_an_import_that_cannot_be_noted_is_not_undone(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    take_in("email\nada@example.org\n")

    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(records.ImportBatchAdmin, "log_change", fail)
    with pytest.raises(RuntimeError):
        undo(admin_client, ImportBatch.objects.get())
    assert Subscriber.objects.exists()


@pytest.mark.parametrize("asked", ["nonsense=1", "created_at__gte=garbage", "hour__exact=x", "id=ada"])
def test_an_export_of_a_list_that_makes_no_sense_leads_back_to_the_list(asked: str, admin_client: Client) -> None:
    response = admin_client.get(f"/admin/subscribers/subscriber/export/?{asked}")
    assert response.status_code in {200, 302}
    if response.status_code == 302:
        assert response["Location"] == "/admin/subscribers/subscriber/?e=1"


# --- Reading a file in another way ----------------------------------------------------------------------------------


def test_a_file_whose_columns_have_other_names_is_read_as_chosen(admin_client: Client) -> None:
    text = "Kontakt;Uhrzeit\nada@example.org;9\n"
    first = try_file(admin_client, text)
    assert "No column is called email. The columns are: Kontakt, Uhrzeit." in first.content.decode()
    assert '<option value="Kontakt">Kontakt</option>' in first.content.decode()
    chosen = {"column_email": "Kontakt", "column_hour": "Uhrzeit"}
    tried = admin_client.post(IMPORT, {"provenance": PROVENANCE, "file": upload(text)} | chosen)
    assert "It would be 1 new" in tried.content.decode()
    assert not Subscriber.objects.exists()
    confirm(admin_client, tried, text)
    reader = Subscriber.objects.get()
    assert (reader.email, reader.hour) == ("ada@example.org", 9)


def test_a_column_that_means_something_else_is_left_out(admin_client: Client) -> None:
    text = "email,size\nada@example.org,XL\n"
    tried = admin_client.post(IMPORT, {"provenance": PROVENANCE, "file": upload(text), "column_size": "-"})
    assert "Left out: size." in tried.content.decode()
    confirm(admin_client, tried, text)
    assert Subscriber.objects.get().size == 10


def test_an_encoding_that_is_not_found_out_is_chosen(admin_client: Client) -> None:
    text = "email,interests\nada@example.org,žluťoučký kůň\n".encode("cp1250")
    asked = {"provenance": PROVENANCE, "encoding": "cp1250"}
    tried = admin_client.post(IMPORT, asked | {"file": upload(text)})
    assert "Read as cp1250" in tried.content.decode()
    confirm(admin_client, tried, text)
    assert Subscriber.objects.get().interests == "žluťoučký kůň"


def test_what_was_chosen_cannot_be_changed_after_it_was_tried(admin_client: Client) -> None:
    tried = try_file(admin_client)
    page = confirm(admin_client, tried, column_hour="-")
    assert "This is not the file that was tried." in page.content.decode()
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize(
    "text", ["ada@example.org\n", "Ada,ada@example.org,9\n", "email,ada@example.org\nx,y\n", "email,ada＠example.org\n"]
)
def test_a_file_without_names_of_columns_shows_no_address(text: str, admin_client: Client) -> None:
    page = try_file(admin_client, text).content.decode()
    assert "it seems to hold a reader" in page
    assert "ada" not in page.casefold()


def test_all_refused_rows_come_back_with_the_page_to_mend(admin_client: Client) -> None:
    page = try_file(admin_client, 'email,interests\nada,=1+1\ngrace@example.org,\n"x, y",\n').content.decode()
    (content,) = re.findall(r'href="data:text/csv;base64,([^"]+)" download="refused.csv"', page)
    rows = list(csv.reader(io.StringIO(base64.b64decode(content).decode("utf-8-sig"), newline="")))
    assert [row[0] for row in rows] == ["row", "2", "4"]
    assert rows[1][2:] == ["ada", "'=1+1"]
    assert rows[2][2] == "x, y"


# --- Who may, and what is noted -------------------------------------------------------------------------------------


def test_changing_readers_is_not_taking_them_in_or_out() -> None:
    client = staff("view_subscriber", "change_subscriber", "browse_subscriber")
    assert {client.get(url).status_code for url in (IMPORT, CONFIRM, EXPORT)} == {403}
    assert client.post(EXPORT, {"format": "0", "resource": "0"}).status_code == 403


def test_an_export_is_noted_with_who_and_how_many(admin_client: Client, caplog: pytest.LogCaptureFixture) -> None:
    make_reader(email="ada@example.org")
    make_reader(status="unsubscribed")
    with caplog.at_level("INFO", logger="subscribers"):
        admin_client.post(f"{EXPORT}?status__exact=active", {"format": "1", "resource": "0"})
    user = User.objects.get()
    assert f"User {user.pk} exports readers: 1" in caplog.messages
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_repr, entry.change_message) == (user, "Readers", "Exported 1 readers.")
