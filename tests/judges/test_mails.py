"""Every mail before every judge. What they say in figures stands after the tests."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from subscribers.models import Letter
from tests.every_mail import Mail, hard_name, letter_name
from tests.hard_editions import NAMES
from tests.judges import axe, caniemail, form, links, nu, rspamd, spamassassin
from tests.judges.conftest import Pass

# The second makes the database that the mails come from.
pytestmark = [pytest.mark.judge, pytest.mark.django_db]


def test_every_kind_of_mail_is_judged(mails: Sequence[Mail]) -> None:
    assert {mail.name for mail in mails if mail.is_digest} == set(map(hard_name, NAMES))
    assert {mail.name for mail in mails if not mail.is_digest} == set(map(letter_name, Letter.Kind))


def test_spamassassin_takes_none_for_spam(mails: Sequence[Mail], tmp_path: Path, pass_judge: Pass) -> None:
    pass_judge(spamassassin.judge(mails, tmp_path))


def test_rspamd_finds_nothing_wrong_with_how_they_are_made(
    mails: Sequence[Mail], rspamd_site: str, pass_judge: Pass
) -> None:
    pass_judge(rspamd.judge(mails, rspamd_site))


def test_mail_programs_support_what_is_used_or_do_well_without(mails: Sequence[Mail], pass_judge: Pass) -> None:
    pass_judge(caniemail.judge(mails))


def test_they_are_html_as_far_as_mail_can_be(mails: Sequence[Mail], tmp_path: Path, pass_judge: Pass) -> None:
    pass_judge(nu.judge_mails(mails, tmp_path))


def test_everybody_can_read_them_light_and_dark(mails: Sequence[Mail], chromium: Browser, pass_judge: Pass) -> None:
    pass_judge(axe.judge(mails, chromium))


def test_they_load_nothing_and_their_links_lead_where_they_say(mails: Sequence[Mail], pass_judge: Pass) -> None:
    pass_judge(links.judge(mails))


def test_none_is_too_large_for_a_mail_program(mails: Sequence[Mail], pass_judge: Pass) -> None:
    pass_judge(form.judge_sizes(mails))


def test_each_has_the_headers_it_must_have_once(mails: Sequence[Mail], pass_judge: Pass) -> None:
    pass_judge(form.judge_headers(mails))
