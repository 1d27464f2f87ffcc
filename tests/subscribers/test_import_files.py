"""What a file of readers may look like."""

import codecs
import io
import re
import tracemalloc
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from newsletter.undoing import undo_import
from subscribers import importing
from subscribers.importing import import_readers, open_readers
from subscribers.models import ConsentEvent, ImportBatch, Subscriber
from subscribers.tables import MAX_CELL, FileUnreadable
from tests.conftest import NOW
from tests.subscribers.files import ADA, GRACE, PROVENANCE, addresses, now, refusals, take_in, try_file

pytestmark = pytest.mark.django_db


# --- What a file may look like ----------------------------------------------------------------------------------


TABLE = f"email;interests;note\r\n{ADA};Gödel, Erdős;x\r\n{GRACE};Compiler;\r\n"


@pytest.mark.parametrize(
    "file",
    [
        TABLE.encode(),
        TABLE.encode("utf-8-sig"),
        codecs.BOM_UTF16_LE + TABLE.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TABLE.encode("utf-16-be"),
        codecs.BOM_UTF32_LE + TABLE.encode("utf-32-le"),
        TABLE.replace("\r\n", "\n").encode(),
        TABLE.replace("\r\n", "\r").encode(),
        TABLE.replace("\r\n", "\r\n\r\n;;\r\n").encode(),
        TABLE.rstrip().encode(),
        TABLE.replace(";", "\t").encode(),
        TABLE.replace(";", "|").encode(),
        TABLE.replace("Gödel, Erdős", '"Gödel, Erdős"').replace(";", ",").encode(),
    ],
    ids=["utf-8", "bom", "utf-16-le", "utf-16-be", "utf-32", "lf", "cr", "blank", "unended", "tabs", "bars", "commas"],
)
def test_a_file_is_understood_as_it_comes(file: bytes) -> None:
    assert take_in(file).created == 2
    assert Subscriber.objects.get(email=ADA).interests == "Gödel, Erdős"


def test_a_file_of_an_older_windows_is_understood() -> None:
    take_in(f"email;authors\n{ADA};José García\n{GRACE};Jürgen Müller\n".encode("cp1252"))
    assert Subscriber.objects.get(email=ADA).followed_authors == "José García"


def test_an_encoding_can_be_named() -> None:
    take_in(f"email;authors\n{ADA};Świątek\n".encode("cp1250"), encoding="cp1250")
    assert Subscriber.objects.get(email=ADA).followed_authors == "Świątek"


@pytest.mark.parametrize("encoding", ["quilting", "base64", "idna"])
def test_an_encoding_that_is_none_is_an_error(encoding: str) -> None:
    with pytest.raises(FileUnreadable, match="cannot be read as"):
        take_in(f"email\n{ADA}\n", encoding=encoding)


def test_a_wrong_byte_is_the_fault_of_its_row_alone() -> None:
    file = f"email,authors\n{ADA},Gödel\nalan@example.org,T".encode() + b"\xff\n" + f"{GRACE},Erdős\n".encode()
    assert [(one.row.number, one.why) for one in refusals(file)] == [(3, "The row has characters that cannot be read")]
    take_in(file)
    assert addresses() == [ADA, GRACE]


def test_quoted_cells_may_hold_anything() -> None:
    take_in(f'email,interests\n{ADA},"agents, ""video""\n\nproofs"\n{GRACE},x\n')
    assert Subscriber.objects.get(email=ADA).interests == 'agents, "video"\n\nproofs'
    assert addresses() == [ADA, GRACE]


def test_a_delimiter_in_the_words_of_the_header_misleads_nobody() -> None:
    take_in(f"email;interests (words, phrases, or, both)\n{ADA};x\n")
    assert addresses() == [ADA]


def test_a_cell_of_a_megabyte_is_read() -> None:
    report = take_in(f'email,note\n{ADA},"{"x" * MAX_CELL}"\n{GRACE},{"y" * 1_000_000}\n')
    assert report.created == 2


@pytest.mark.parametrize(
    "cell",
    [
        "x" * (MAX_CELL + 1),
        f'"{"x" * (MAX_CELL + 1)}"',
        f'"{"x" * MAX_CELL}\neve@example.org,y\n{"x" * MAX_CELL}"',
        f'"{"x" * MAX_CELL}y\neve@example.org,y\n"',
        "x" * (5 * MAX_CELL),
        f'"{"x" * (5 * MAX_CELL)}\neve@example.org,y\n"',
        ",".join(["x" * 1000] * 9999),
    ],
    ids=["long", "quoted", "of lines", "then lines", "very long", "very long, then lines", "many"],
)
def test_what_is_too_long_is_refused_and_what_follows_is_read(cell: str) -> None:
    file = f"email,note\n{GRACE},\nalan@example.org,{cell}\n{ADA},\n"
    assert take_in(file).refused.total() == 1
    assert addresses() == [ADA, GRACE]


@pytest.mark.parametrize("rest", ["", "x" * MAX_CELL], ids=["to the end", "over the limit"])
def test_a_quotation_mark_that_is_never_closed_swallows_nobody_in_silence(rest: str) -> None:
    (refusal,) = refusals(f'email,note\n{ADA},"oh\n{GRACE},\n{rest}\n')
    assert refusal.why == "The row cannot be read: too long, or a quotation mark is not closed"
    assert refusal.row.number == 2


def test_memory_does_not_grow_with_the_file() -> None:
    class Endless(io.RawIOBase):
        """A hundred megabytes in one line, made while they are read."""

        def __init__(self) -> None:
            self.place = 0

        def readable(self) -> bool:
            return True

        def seekable(self) -> bool:
            return True

        def seek(self, place: int, whence: int = 0) -> int:
            self.place = place
            return place

        def tell(self) -> int:
            return self.place

        def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # any buffer
            start = b"email,note\n"
            part = start[self.place :] or b"x" * min(len(buffer), 100_000_000 - self.place)
            part = part[: len(buffer)]
            buffer[: len(part)] = part
            self.place += len(part)
            return len(part)

    endless: Any = Endless()
    tracemalloc.start()
    report = importing.try_import(open_readers(io.BufferedReader(endless), {}))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert report.refused.total() == 1
    assert peak < 40_000_000


# --- Which column is which --------------------------------------------------------------------------------------


def test_a_column_is_chosen_by_its_header() -> None:
    take_in(f"Kontakt,mail,Uhrzeit\n{ADA},old@example.org,9\n", email="kontakt", hour="Uhrzeit")
    assert (addresses(), Subscriber.objects.get().hour) == ([ADA], 9)


def test_a_column_that_means_something_else_is_left_out() -> None:
    file = open_readers(io.BytesIO(f"email,size\n{ADA},XXL\n".encode()), {"size": ""})
    assert file.left_out == ["size"]
    assert import_readers(file, PROVENANCE, now).created == 1


@pytest.mark.parametrize(
    ("file", "chosen", "why"),
    [
        ("", {}, "The file is empty."),
        ("\n \n", {}, "The file is empty."),
        ("Name,Phone\nAda,1\n", {}, "No column is called email. The columns are: Name, Phone."),
        ("email,E-Mail\n", {}, "Several columns could be the email: choose one by its header."),
        ("email,hour\n", {"hour": "Uhrzeit"}, "No column is called Uhrzeit. The columns are: email, hour."),
        ('"email', {}, "The first row cannot be read: too long, or a quotation mark is not closed."),
        ("e\0m\0a\0i\0l", {}, "The first row has characters that cannot be read."),
    ],
)
def test_a_file_that_is_none_of_readers_says_so(file: str, chosen: dict[str, str], why: str) -> None:
    with pytest.raises(FileUnreadable, match=f"^{re.escape(why)}$"):
        try_file(file, **chosen)


# --- Whatever the bytes -----------------------------------------------------------------------------------------


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    st.binary(max_size=300), st.sampled_from([b"", b"email\n", b"email;hour\n", codecs.BOM_UTF16_LE, b"\xff\xfe\0\0"])
)
@example(b"\x00\xd8\x00\xd8", codecs.BOM_UTF16_LE)
@example(b"+2AA-", b"email\n")
def test_whatever_is_in_a_file_it_is_read_or_named_unreadable(rest: bytes, start: bytes) -> None:
    before = Subscriber.objects.count(), ImportBatch.objects.count(), ConsentEvent.objects.count()
    try:
        tried = try_file(start + rest)
    except FileUnreadable:
        return
    assert before == (Subscriber.objects.count(), ImportBatch.objects.count(), ConsentEvent.objects.count())
    done = take_in(start + rest)
    assert (done.created, done.skipped, done.refused) == (tried.created, tried.skipped, tried.refused)
    undo_import(ImportBatch.objects.latest("pk"), NOW)
