from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from papers.models import TrendingScore
from tests.factories import make_paper

pytestmark = pytest.mark.django_db


def run(*arguments: object) -> str:
    out = StringIO()
    call_command("score_days", *(str(argument) for argument in arguments), stdout=out)
    return out.getvalue()


def test_days_of_a_back_fill_get_their_lists_once() -> None:
    days = [timezone.now().date() - timedelta(days=n) for n in (40, 50)]
    for day in days:
        make_paper(title=f"Of {day}", listed_on=day)
    assert run(days[1], days[0]) == f"Scored: {days[1]}, {days[0]}.\n"
    for day in days:
        assert TrendingScore.objects.ranked("day", day)[0].paper.title == f"Of {day}"
    assert run(days[1]).startswith("Scored: none")


def test_a_day_that_nobody_read_has_no_list_to_make() -> None:
    day = timezone.now().date() - timedelta(days=30)
    make_paper(listed_on=day, upvotes=None)
    assert run(day).startswith("Scored: none")


@pytest.mark.parametrize(("first", "last"), [(3, 5), (3, 0), (0, -1)])
def test_days_out_of_order_or_not_over_are_refused(first: int, last: int) -> None:
    today = timezone.now().date()
    with pytest.raises(CommandError, match="in order"):
        run(today - timedelta(days=first), today - timedelta(days=last))
