from email.utils import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mail.headers import ListMail, one_line
from mail.message import Body
from tests.letters import read_mail
from tests.mail.letters import LIST_MAIL, make_letter
from tests.mail.parity import every_form_says_the_same, in_ascii, needs_no_change_on_its_way

HARD = [
    ".",
    "..\r\n.\r\n",
    "a\n.\n",
    "lone\rend",
    "lone\nend",
    "trailing \t \nblank ",
    "\x00\x0b\x0c\x1c\x1d\x1e\x7f\x85",
    "y\u2028" * 900,
    "=?utf-8?q?x?=",
    "=?utf-8?q?x?= and = =3D =?",
    "x" * 5000,
    "é" * 5000,
    "= " * 400,
    "👩‍🔬🏳️‍🌈 e\u0301",
    "שלום \u202eעולם\u2069 مرحبا",
    "From here\nFrom there",
    "--=_delivery-1--",
]
# No half of a character, which no text in UTF-8 has.
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=100)
TEXT = ANY | st.lists(st.sampled_from(HARD) | ANY, max_size=4).map("".join)
# A name that is already encoded is what it encodes, since settings may be written so.
NAME = TEXT.map(one_line).filter(lambda name: "=?" not in name)
LOCAL = st.from_regex(r"[a-z0-9]{1,8}([.+_-][a-z0-9]{1,8}){0,3}", fullmatch=True)
DOMAIN = st.sampled_from(
    ["example.org", "mail.institute.university.example", "bücher.example", "例え.example", "X.Example"]
)
ADDRESS = st.builds("{}@{}".format, LOCAL, DOMAIN)
# Django leaves out a text that is empty, and none of ours is.
BODY = st.builds(Body, subject=TEXT, text=TEXT.filter(bool), html=TEXT)


@given(body=BODY, name=NAME, sender=ADDRESS, to=ADDRESS, list_mail=st.sampled_from([None, LIST_MAIL]))
def test_every_form_of_any_message_says_the_same(
    body: Body, name: str, sender: str, to: str, list_mail: ListMail | None
) -> None:
    message = make_letter(body=body, sender=f'"{quote(name)}" <{sender}>', to=to, list_mail=list_mail)
    every_form_says_the_same(message)
    (said,) = read_mail(message.mime_bytes())["From"].addresses
    # Python's parser puts a blank between two encoded words when there is a colon in them.
    assert said.display_name.replace(" ", "") == name.replace(" ", "")
    assert said.addr_spec == in_ascii(sender)


@pytest.mark.parametrize("hard", HARD)
def test_what_is_hard_to_carry_arrives_as_it_is(hard: str) -> None:
    every_form_says_the_same(make_letter(body=Body(hard, hard, f"<p>{hard}</p>"), list_mail=LIST_MAIL))


@given(name=NAME)
@example("論" * 200)
@example("word " * 40)
@example("w" * 200)
def test_a_name_of_any_length_takes_lines_that_mail_may_have(name: str) -> None:
    message = make_letter(sender=f'"{quote(name)}" <digest@papers.example>')
    needs_no_change_on_its_way(message.mime_bytes())
    needs_no_change_on_its_way(message.message().as_bytes(linesep="\r\n"))
