"""The gallery shows a letter of each kind and each hard edition."""

import pytest

from subscribers.models import Letter
from tests.gallery.mails import hard_digests, letters
from tests.hard_editions import NAMES

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("outbox")
def test_there_is_a_letter_of_each_kind_with_a_subject_of_its_own() -> None:
    shown = letters()
    assert [mail.name for mail in shown] == [f"letter-{kind.replace('_', '-')}" for kind in Letter.Kind]
    assert len({mail.subject for mail in shown}) == len(Letter.Kind)


def test_each_hard_edition_is_shown_with_its_subject_and_preheader() -> None:
    shown = hard_digests()
    assert [mail.name for mail in shown] == [f"hard-{name.replace('_', '-')}" for name in NAMES]
    assert [mail.name for mail in shown if not (mail.subject and mail.preheader)] == []
