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
