"""`make bench`: prints one JSON line a figure, measured on an empty database of its own."""

import os
import tempfile

import django
from django.core.management import call_command


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"VAR_DIR": folder, "DATABASE_URL": "", "DJANGO_SETTINGS_MODULE": "config.settings"}
        os.environ.setdefault("LOG_LEVEL", "WARNING")
        django.setup()
        call_command("migrate", verbosity=0)
        from bench.figures import run  # noqa: PLC0415  models can be imported only now

        run()


if __name__ == "__main__":
    main()
