import pytest
from django.contrib.auth.models import User
from django.core.checks import run_checks

from newsletter.dashboard.misconfiguration import findings
from staff.roles import EDITOR, OWNER
from tests.found_by_checks import ids
from tests.staff.people import client_of, make_staff

pytestmark = pytest.mark.django_db


def test_a_site_that_nobody_owns_is_warned_of() -> None:
    make_staff(EDITOR)
    assert "staff.W001" in ids()
    owner = make_staff(OWNER)
    assert "staff.W001" not in ids()
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert "staff.W001" in ids()
    User.objects.create_superuser("root", password="a long walk before breakfast")
    assert "staff.W001" not in ids()


def test_who_has_no_second_factor_is_counted_and_not_named() -> None:
    people = [make_staff(EDITOR, "ada"), make_staff(OWNER, "alan")]
    (finding,) = (found for found in findings() if found.id == "staff.W002")
    assert finding.msg == "2 people of the staff have no second factor yet."
    client_of(people[0])
    (finding,) = (found for found in findings() if found.id == "staff.W002")
    assert finding.msg == "1 person of the staff has no second factor yet."
    client_of(people[1])
    assert "staff.W002" not in ids()


def test_checks_that_were_not_given_a_database_leave_it_alone() -> None:
    make_staff(EDITOR)
    found = {message.id for message in run_checks(include_deployment_checks=True)}
    assert not {"staff.W001", "staff.W002"} & found
