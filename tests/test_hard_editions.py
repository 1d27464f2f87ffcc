"""Every hard edition becomes a mail, small enough and the same each time."""

import pytest
from django.db import transaction

from tests.hard_editions import NAMES, mail_of, make_hard_edition

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", NAMES)
def test_a_hard_edition_becomes_the_same_bytes_each_time(name: str) -> None:
    made = []
    for _ in range(2):
        with transaction.atomic():
            made.append(mail_of(make_hard_edition(name)).mime_bytes())
            transaction.set_rollback(True)
    assert made[0] == made[1]
