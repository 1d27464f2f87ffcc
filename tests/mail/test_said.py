import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.said import LONGEST, answer_in_words, keepable, reply_in_words


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"5.1.1 User unknown", "SMTP 550 5.1.1 User unknown"),
        (b"no such user", "SMTP 550 no such user"),
        (b"", "SMTP 550"),
        (b"5.1.1", "SMTP 550 5.1.1"),
        (
            b"5.1.1 The email account that you\n5.1.1 tried to reach does not exist d2e1a72fcca58-77c1 - gsmtp",
            "SMTP 550 5.1.1 The email account that you tried to reach does not exist … - gsmtp",
        ),
        (
            b"5.1.1 <Ada.Lovelace@example.org>: Recipient address rejected",
            "SMTP 550 5.1.1 … Recipient address rejected",
        ),
        (b"5.1.1 mailbox ada.lovelace is unknown", "SMTP 550 5.1.1 mailbox … is unknown"),
        (b"5.1.2 no mail for EXAMPLE.ORG here", "SMTP 550 5.1.2 no mail for … here"),
        (b"see \x1b[31m\r\nhttps://a.example/?u=ada%40example.org", "SMTP 550 see [31m …"),
        (b"\xff\xfe no", "SMTP 550 \ufffd\ufffd no"),
    ],
)
def test_of_a_reply_the_code_and_the_words_are_kept_and_whom_it_was_about_is_not(said: bytes, told: str) -> None:
    assert reply_in_words(550, said, "ada.lovelace+papers@example.org") == told


@pytest.mark.parametrize(
    ("recipient", "said", "told"),
    [
        ("ada@mail.lovelace.org", "lovelace.org has no such user", "… has no such user"),
        ("ada@mail.lovelace.org", "mx1.mail.lovelace.org says no", "mx1.… says no"),
        ("ada.lovelace@example.org", "Ada Lovelace (ada_lovelace) is over quota", "… (…) is over quota"),
        ("ada.lovelace@example.org", "Lovelace, Ada: AdaLovelace is full", "…, …: … is full"),
        ("o'brien@example.org", "o'brien, O'Brien and OBrien", "…, … and …"),
        ("a.b@localhost", "at localhost a mailbox a-b is full", "at … a mailbox … is full"),
        ("ada+box@example.org", "ada_box: the box of Ada is full", "…: the box of … is full"),
        ("___@example.org", "no such user", "no such user"),
    ],
)
def test_the_names_of_the_mailbox_and_of_its_domain_do_not_stay_however_they_are_written(
    recipient: str, said: str, told: str
) -> None:
    assert keepable(said, recipient) == told


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"ErrorCode": 300, "Message": "You sent too much."}, "HTTP 422 You sent too much."),
        ({"errors": [{"field": "to", "message": "No such domain"}]}, "HTTP 422 No such domain"),
        ({"statusCode": 422, "name": "x"}, "HTTP 422"),
        (None, "HTTP 422"),
        (["a", 1], "HTTP 422"),
    ],
)
def test_of_an_answer_the_message_is_kept_wherever_a_provider_puts_it(body: object, told: str) -> None:
    assert answer_in_words(422, body) == told


@given(before=st.text(max_size=200), after=st.text(max_size=200))
def test_whatever_is_said_it_is_one_short_line_without_an_address(before: str, after: str) -> None:
    told = keepable(f"{before}<ada@example.org>{after}", "ada@example.org")
    assert len(told) <= LONGEST
    assert "@" not in told
    assert told == " ".join(told.split())
    assert told.isprintable() or not told.isascii()


@given(
    before=st.text(max_size=40),
    after=st.text(max_size=40),
    mark=st.sampled_from([".", "_", "-", " ", "", ", "]),
    below=st.sampled_from(["", "mail.", "a.mail."]),
    change=st.sampled_from([str.upper, str.title, str.lower]),
)
def test_whatever_is_said_of_a_recipient_none_of_the_names_stays(
    before: str, after: str, mark: str, below: str, change: Callable[[str], str]
) -> None:
    names = f"ada{mark}lovelace or lovelace, ada at analytical.example"
    said = f"{before} {change(names)}{mark} {after}"
    told = keepable(said, f"ada.lovelace@{below}analytical.example").lower()
    assert "lovelace" not in told
    assert not re.search(r"\bada\b", told)
    assert "analytical.example" not in told
