import csv
import stat
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from subscribers.models import ImportBatch, Subscriber
from subscribers.tables import restored
from tests.factories import make_reader
from tests.subscribers.files import PROVENANCE

pytestmark = pytest.mark.django_db

ADA, GRACE = "ada@example.org", "grace@example.org"
SOME_WRONG = f'E-Mail;Hour;Note\n{ADA};9;x\n=cmd@example.org;25;"=1+1\n@x"\nnonsense;;-2\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "readers.csv"
    path.write_text(SOME_WRONG)
    return path


def run(*arguments: object, provenance: str = PROVENANCE) -> str:
    out = StringIO()
    call_command("import_subscribers", *map(str, arguments), provenance=provenance, stdout=out)
    return out.getvalue()


def run_with_refusals(*arguments: object) -> str:
    out = StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("import_subscribers", *map(str, arguments), provenance=PROVENANCE, stdout=out)
    assert caught.value.returncode == 3
    return f"{out.getvalue()}{caught.value}"


def test_the_report_tells_what_was_read_and_what_became_of_it(file: Path) -> None:
    told = run_with_refusals(file)
    assert told.splitlines() == [
        "Read as utf-8, separated by semicolons. Columns: email (E-Mail), hour (Hour).",
        "Left out: Note.",
        f"Import {ImportBatch.objects.get().pk}: 1 new, 0 skipped, 2 refused.",
        "1 refused: hour: not a full hour from 0 to 23.",
        "1 refused: email: not an address.",
        f"2 rows were refused: see {file}.errors.csv.",
    ]
    assert Subscriber.objects.get().hour == 9


def test_no_address_is_told_on_the_terminal(file: Path) -> None:
    assert "@example" not in run_with_refusals(file)


def test_refused_rows_are_kept_as_they_were_for_nobody_else_to_read(file: Path) -> None:
    run_with_refusals(file)
    errors = file.with_name("readers.csv.errors.csv")
    assert stat.S_IMODE(errors.stat().st_mode) == 0o600
    header, first, second = csv.reader(StringIO(errors.read_bytes().decode(), newline=""))
    assert header == ["row", "reason", "E-Mail", "Hour", "Note"]
    assert first == ["3", "hour: not a full hour from 0 to 23: 25", "'=cmd@example.org", "25", "'=1+1\n@x"]
    assert [restored(cell) for cell in first[2:]] == ["=cmd@example.org", "25", "=1+1\n@x"]
    assert second[0] == "4"
    assert second[2:] == ["nonsense", "", "'-2"]


def test_refused_rows_can_be_mended_and_imported(file: Path) -> None:
    run_with_refusals(file)
    errors = file.with_name("readers.csv.errors.csv")
    errors.write_text(errors.read_text().replace(",25,", ",5,").replace("nonsense", GRACE))
    run(errors)
    assert set(Subscriber.objects.values_list("email", flat=True)) == {ADA, GRACE, "=cmd@example.org"}


def test_a_row_that_is_refused_again_is_as_it_was(file: Path) -> None:
    run_with_refusals(file)
    errors = file.with_name("readers.csv.errors.csv")
    run_with_refusals(errors)
    again = file.with_name("readers.csv.errors.csv.errors.csv")
    (_, *first), (_, *second) = (list(csv.reader(StringIO(path.read_text(), newline=""))) for path in (errors, again))
    assert [row[2:] for row in first] == [row[4:] for row in second]
    assert first[0][2] == "'=cmd@example.org"


def test_the_file_of_refused_rows_goes_when_nothing_is_wrong_any_more(file: Path) -> None:
    run_with_refusals(file)
    file.write_text(f"email\n{ADA}\n")
    run(file)
    assert list(file.parent.iterdir()) == [file]


def test_a_file_that_holds_something_else_is_not_removed(file: Path, tmp_path: Path) -> None:
    file.write_text(f"email\n{ADA}\n")
    (tmp_path / "other.csv").write_text("rows of something else\n")
    run(file, "--errors", tmp_path / "other.csv")
    assert (tmp_path / "other.csv").read_text() == "rows of something else\n"


def test_the_file_of_refused_rows_can_be_named(file: Path, tmp_path: Path) -> None:
    (tmp_path / "wrong.csv").touch(mode=0o644)
    assert f"see {tmp_path}/wrong.csv." in run_with_refusals(file, "--errors", tmp_path / "wrong.csv")
    assert stat.S_IMODE((tmp_path / "wrong.csv").stat().st_mode) == 0o600


def test_refused_rows_never_replace_the_file_they_come_from(file: Path, tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to(file)
    with pytest.raises(CommandError, match="cannot go into the file"):
        run(file, "--errors", tmp_path / "link.csv")
    assert file.read_text() == SOME_WRONG


def test_nothing_wrong_leaves_no_file_of_refused_rows(file: Path) -> None:
    file.write_text(f"email\n{ADA}\n")
    run(file)
    assert list(file.parent.iterdir()) == [file]


def test_a_dry_run_stores_nothing_and_tells_the_same(file: Path) -> None:
    told = run_with_refusals(file, "--dry-run")
    assert "Nothing was stored. It would be 1 new, 0 skipped, 2 refused." in told
    assert not Subscriber.objects.exists()
    assert not ImportBatch.objects.exists()


def test_columns_are_mapped(file: Path) -> None:
    file.write_text(f"Kontakt Person,Uhrzeit\n{ADA},9\n")
    run(file, "--map", "email=Kontakt Person", "hour=Uhrzeit")
    assert Subscriber.objects.get().hour == 9


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--map", "shoe=Size"], "'shoe' is none of email, topics"),
        (["--map", "email=Telephone"], "No column is called Telephone. The columns are: E-Mail, Hour, Note."),
        (["--encoding", "quilting"], "The file cannot be read as quilting."),
    ],
)
def test_what_does_not_fit_the_file_is_said(arguments: list[str], why: str, file: Path) -> None:
    with pytest.raises(CommandError, match=why):
        run(file, *arguments)
    assert not ImportBatch.objects.exists()


@pytest.mark.parametrize("provenance", ["", "bought it", " " * 20, "x" * 201])
def test_the_provenance_must_tell_something(provenance: str, file: Path) -> None:
    with pytest.raises(CommandError, match="where these people agreed"):
        run(file, provenance=provenance)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"none.csv cannot be opened: No such file or directory."):
        run(tmp_path / "none.csv")


def test_an_import_is_undone_by_its_id(file: Path) -> None:
    run_with_refusals(file)
    stays = make_reader()
    out = StringIO()
    batch_id = ImportBatch.objects.get().pk
    call_command("undo_import", batch_id, stdout=out)
    assert out.getvalue() == f"Import {batch_id}: 1 readers deleted, 0 kept.\n"
    assert list(Subscriber.objects.all()) == [stays]


def test_an_import_that_never_was_cannot_be_undone() -> None:
    with pytest.raises(CommandError, match="There is no import 77"):
        call_command("undo_import", 77)


@pytest.mark.parametrize("folder", ["nowhere", "readers.csv"])
def test_a_place_for_refused_rows_that_is_none_is_said_before_anything_is_stored(folder: str, file: Path) -> None:
    with pytest.raises(CommandError, match=r"errors\.csv cannot be opened"):
        run(file, "--errors", file.parent / folder / "errors.csv")
    assert not ImportBatch.objects.exists()
    assert not Subscriber.objects.exists()


def test_a_file_without_names_of_columns_is_told_so_and_no_address_with_it(tmp_path: Path) -> None:
    file = tmp_path / "bare.csv"
    file.write_text("ada@example.org\ngrace@example.org\n")
    with pytest.raises(CommandError, match="Its first row must name the columns") as caught:
        run(file)
    assert "@" not in str(caught.value)
