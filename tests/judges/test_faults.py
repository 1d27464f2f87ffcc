"""Judges that cannot find anything are none: each is given a fault that it must find, in an otherwise good mail."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from email import policy
from email.parser import BytesParser
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.every_mail import Mail
from tests.judges import axe, caniemail, form, links, nu, rspamd, spamassassin

pytestmark = [pytest.mark.judge, pytest.mark.django_db]


@pytest.fixture
def good(mails: Sequence[Mail]) -> Mail:
    """A digest of ten papers that no judge finds fault with."""
    (usual,) = (mail for mail in mails if mail.name == "hard-usual")
    return usual


def without_header(mail: Mail, name: str) -> Mail:
    lines = mail.raw.split(b"\r\n")
    left = [line for line in lines if not line.startswith(f"{name}: ".encode())]
    assert len(left) == len(lines) - 1
    return replace(mail, raw=b"\r\n".join(left))


def with_html(mail: Mail, change: Callable[[str], str]) -> Mail:
    """The mail with another HTML part."""
    message = BytesParser(policy=policy.SMTP).parsebytes(mail.raw)
    part = message.get_body(("html",))
    assert part
    part.set_content(change(mail.html), subtype="html", cte="quoted-printable")
    return replace(mail, raw=message.as_bytes())


def with_paragraph(mail: Mail, paragraph: str) -> Mail:
    """The mail with one more paragraph at the end of its HTML."""
    return with_html(mail, lambda html: html.replace("</body>", f"{paragraph}</body>"))


# --- Mail servers -----------------------------------------------------------------------------------------------------


def test_spamassassin_finds_spam_missing_headers_and_what_is_hard_to_see(good: Mail, tmp_path: Path) -> None:
    offer = "<p>Viagra cheap! Nigerian prince. Click here to make money fast, 100% free, act now.</p>" * 20
    spam = with_paragraph(without_header(without_header(good, "Date"), "Message-ID"), offer)
    pale = with_paragraph(good, '<p style="background:#ffffff;color:#fefefe">Hardly seen by anybody at all</p>')
    found = spamassassin.judge([good, replace(spam, name="spam"), replace(pale, name="pale")], tmp_path).findings
    told = {finding.what for finding in found if finding.where == "spam"}
    assert {"MISSING_DATE", "MISSING_MID"} <= told
    assert any("points" in what for what in told)
    assert "HTML_FONT_LOW_CONTRAST" in {finding.what for finding in found if finding.where == "pale"}
    assert good.name not in {finding.where for finding in found}


@pytest.mark.parametrize(
    ("name", "rule"), [("Date", "MISSING_DATE"), ("Message-ID", "MISSING_MID"), ("To", "MISSING_TO")]
)
def test_rspamd_finds_a_missing_header(good: Mail, rspamd_site: str, name: str, rule: str) -> None:
    found = rspamd.judge([without_header(good, name)], rspamd_site).findings
    assert any(finding.what.startswith(rule) for finding in found)


def test_rspamd_finds_a_part_that_is_not_what_it_says(good: Mail, rspamd_site: str) -> None:
    broken = replace(
        good, raw=good.raw.replace(b"quoted-printable", b"7bit").replace(b"Paper Route", "Paper Rôute".encode())
    )
    assert any(finding.what.startswith("R_BAD_CTE_7BIT") for finding in rspamd.judge([broken], rspamd_site).findings)


# --- Mail programs and people -----------------------------------------------------------------------------------------


def test_caniemail_finds_what_mail_programs_do_not_support(good: Mail) -> None:
    moved = with_paragraph(good, '<p style="position:absolute">Above all else</p>')
    found = caniemail.judge([moved]).findings
    assert any(finding.what.startswith("position is not supported by gmail.") for finding in found)


def test_what_is_allowed_in_vain_is_found(good: Mail, rspamd_site: str, tmp_path: Path) -> None:
    vain = {"no such thing": "for no reason"}
    for verdict in (
        caniemail.judge([good], vain),
        rspamd.judge([good], rspamd_site, vain),
        nu.judge_mails([good], tmp_path, vain),
    ):
        assert "nothing has: no such thing" in {finding.what for finding in verdict.findings}


def test_nu_finds_what_is_no_html(good: Mail, tmp_path: Path) -> None:
    faults = {
        "unescaped": "<p>A < B and nothing more</p>",
        "nested": "<p>one<div>two</div></p>",
        "link-in-link": '<a href="https://papers.example.org/">one <a href="https://papers.example.org/">two</a></a>',
        "no-property": '<p style="colour:red">red</p>',
    }
    bad = [replace(with_paragraph(good, fault), name=name) for name, fault in faults.items()]
    found = nu.judge_mails([good, *bad], tmp_path).findings
    assert {finding.where for finding in found} - {"allowed.toml"} == faults.keys()


def test_axe_finds_letters_of_little_contrast_light_and_dark(good: Mail, chromium: Browser) -> None:
    style = "<style>@media (prefers-color-scheme: {}) {{ .pale {{ background: #fff; color: #aaa; }} }}</style>"
    bad = [
        replace(with_paragraph(good, f'{style.format(scheme)}<p class="pale">Pale</p>'), name=scheme)
        for scheme in axe.ASKED
    ]
    found = axe.judge([good, *bad], chromium).findings
    assert [(finding.where, finding.what.partition(" [")[0]) for finding in found] == [
        (scheme, f"{scheme}: color-contrast:") for scheme in axe.ASKED
    ]


# --- Our own ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        '<img src="https://papers.example.org/open.gif" width="1" height="1" alt="">',
        '<p style="background:url(https://papers.example.org/open.gif)">A paragraph</p>',
        '<table background="https://papers.example.org/open.gif"><tr><td>A cell</td></tr></table>',
        '<link rel="stylesheet" href="https://papers.example.org/">',
        "<style>@import 'https://papers.example.org/mail.css';</style>",
    ],
)
def test_whatever_is_loaded_is_found(good: Mail, fault: str) -> None:
    assert any(finding.what.startswith("loads") for finding in links.judge([with_paragraph(good, fault)]).findings)


@pytest.mark.parametrize(
    ("link", "wrong"),
    [
        ("https://clicks.example.com/r/1", "leads elsewhere"),
        ("https://arxiv.org/abs/2611.90001?utm_source=digest", "leads elsewhere"),
        ("https://papers.example.org/about/?reader=7", "carries something"),
        ("https://papers.example.org/about", "leads to no page of ours"),
        ("http://papers.example.org/about/", "leads elsewhere"),
    ],
)
def test_a_link_that_tells_or_goes_astray_is_found(good: Mail, link: str, wrong: str) -> None:
    (found,) = links.judge([with_paragraph(good, f'<a href="{link}">a link</a>')]).findings
    assert found.what == f"{wrong}: {link}"


def test_a_mail_that_is_too_large_is_found(good: Mail) -> None:
    weekly = replace(good, papers=20)
    for mail, size, is_found in ((good, 50_000, True), (weekly, 50_000, False), (weekly, 120_000, True)):
        padded = with_paragraph(mail, "<p>x</p>" * ((size - len(mail.html)) // 8))
        assert bool(form.judge_sizes([padded]).findings) is is_found


def test_a_line_that_is_too_long_is_found(good: Mail) -> None:
    long = replace(good, raw=b"X-Long: " + b"x" * 1000 + b"\r\n" + good.raw)
    (found,) = form.judge_sizes([long]).findings
    assert found.what == "a line of 1008 octets"


@pytest.mark.parametrize("name", [*form.ALWAYS, *form.OF_LISTS])
def test_a_header_that_is_missing_or_there_twice_is_found(good: Mail, name: str) -> None:
    start = f"\r\n{name}: ".encode()
    other = replace(good, raw=(b"\r\n" + good.raw).replace(start, b"\r\nX-Other: ", 1).lstrip())
    twice = replace(good, raw=f"{name}: {good.read[name]}\r\n".encode() + good.raw)
    assert [found.what for found in form.judge_headers([other]).findings] == [f"{name}: 0"]
    assert [found.what for found in form.judge_headers([twice]).findings] == [f"{name}: 2"]


def test_a_letter_that_says_it_is_of_a_list_is_found(good: Mail) -> None:
    found = form.judge_headers([replace(good, papers=0)]).findings
    assert {finding.what for finding in found} == {f"{name}: 1" for name in form.OF_LISTS}
