from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from staff.second_factors import forget_second_factor


class Command(BaseCommand):
    help = "Forget the phone and the recovery codes of somebody who lost both; they set up new ones when they log in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is nobody named {options['username']!r}.")
        if not forget_second_factor(user, "the command line"):
            raise CommandError(f"{user} has no second factor.")
        self.stdout.write(f"{user} sets up a new second factor at the next log-in.")
