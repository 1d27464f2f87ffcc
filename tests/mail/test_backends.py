from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage as ReadMessage
from pathlib import Path

import pytest
from django.core.mail import EmailMessage, get_connection

from mail.outcomes import Refused
from mail.transport import Mailer
from tests.letters import read_mail, text_of
from tests.mail.letters import make_letter


def put(*messages: EmailMessage) -> int:
    return get_connection().send_messages(list(messages)) or 0


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def read(path: Path) -> ReadMessage:
    return read_mail(path.read_bytes())


def test_a_message_appears_with_its_html_beside_it(outbox: Path) -> None:
    assert put(make_letter(reference="delivery-7")) == 1
    assert names_in(outbox) == ["delivery-7.eml", "delivery-7.html"]
    letter = read(outbox / "delivery-7.eml")
    assert letter["Message-ID"] == "<delivery-7@papers.example>"
    assert letter["To"] == "reader@example.org"
    assert (outbox / "delivery-7.html").read_text() == text_of(letter, "html").rstrip("\n")


def test_a_file_has_the_line_ends_of_mail(outbox: Path) -> None:
    put(make_letter(reference="delivery-7"))
    content = (outbox / "delivery-7.eml").read_bytes()
    assert content.count(b"\n") == content.count(b"\r\n") > 10


def test_several_messages_appear_each_in_its_own_file(outbox: Path) -> None:
    assert put(*(make_letter(reference=f"delivery-{number}") for number in range(3))) == 3
    assert [name for name in names_in(outbox) if name.endswith(".eml")] == [
        f"delivery-{number}.eml" for number in range(3)
    ]


def test_writing_one_reference_twice_is_an_error_and_keeps_the_first(outbox: Path) -> None:
    put(make_letter(subject="first", reference="delivery-7"))
    before = {path.name: path.read_bytes() for path in outbox.iterdir()}
    with pytest.raises(FileExistsError):
        put(make_letter(subject="second", reference="delivery-7"))
    assert {path.name: path.read_bytes() for path in outbox.iterdir()} == before


def test_a_double_is_refused_for_good(outbox: Path) -> None:
    with Mailer() as mailer:
        mailer.hand_over(make_letter(reference="delivery-7"))
        with pytest.raises(Refused, match="FileExistsError"):
            mailer.hand_over(make_letter(reference="delivery-7"))


def test_of_many_who_write_one_reference_at_once_one_succeeds(outbox: Path) -> None:
    def attempt(number: int) -> bool:
        try:
            return put(make_letter(subject=f"attempt {number}", reference="delivery-7")) == 1
        except FileExistsError:
            return False

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(attempt, range(24))) == 1
    assert names_in(outbox) == ["delivery-7.eml", "delivery-7.html"]


def test_a_write_that_fails_leaves_nothing_behind(outbox: Path) -> None:
    # A folder in the way stands for a full disk: what has been drafted cannot be put in its place.
    (outbox / "delivery-7.eml").mkdir(parents=True)
    with pytest.raises(OSError, match="delivery-7"):
        put(make_letter(reference="delivery-7"))
    assert names_in(outbox) == ["delivery-7.eml"]


def test_a_message_without_a_reference_gets_a_name_of_its_own(outbox: Path) -> None:
    put(EmailMessage("To the admins", "Something happened.", to=["admin@example.org"]))
    put(EmailMessage("To the admins", "Something happened.", to=["admin@example.org"]))
    names = names_in(outbox)
    assert len(names) == 2
    assert all(len(name) == len("0" * 32 + ".eml") for name in names)
    assert text_of(read(outbox / names[0])).strip() == "Something happened."
