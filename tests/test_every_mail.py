"""There is a letter of each kind and a digest of each hard edition, each under a name of its own."""

import pytest

from subscribers.models import Letter
from tests.every_mail import hard_digests, hard_name, letter_name, letters
from tests.hard_editions import NAMES
from tests.hard_papers import PAPERS

pytestmark = pytest.mark.django_db


def test_there_is_a_letter_of_each_kind_with_a_subject_of_its_own() -> None:
    shown = letters()
    assert [mail.name for mail in shown] == [letter_name(kind) for kind in Letter.Kind]
    assert len({mail.subject for mail in shown}) == len(Letter.Kind)
    assert not any(mail.is_digest for mail in shown)


def test_letters_are_named_after_what_they_are() -> None:
    (goodbye,) = (mail for mail in letters() if mail.name == "letter-goodbye")
    assert "You have left" in goodbye.subject


def test_each_hard_edition_is_shown_with_its_subject_and_preheader() -> None:
    shown = hard_digests()
    assert [mail.name for mail in shown] == [hard_name(edition) for edition in NAMES]
    assert [mail.papers for mail in shown] == [len(PAPERS[edition]) for edition in NAMES]
    assert [mail.name for mail in shown if not (mail.subject and mail.preheader)] == []
