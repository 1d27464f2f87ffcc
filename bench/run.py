"""One group of figures, on the database that the environment names."""

import os
import sys
from collections.abc import Callable

import django
from django.core.management import call_command

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()
call_command("migrate", verbosity=0)

from bench.admin import bench_admin  # noqa: E402  models can be imported only now
from bench.delivery import (  # noqa: E402
    bench_composing_alone,
    bench_growth,
    bench_sending,
    bench_statements,
)
from bench.events import bench_events  # noqa: E402
from bench.importing import bench_importing  # noqa: E402  models can be imported only now
from bench.model import bench_model  # noqa: E402
from bench.newsletter import bench_closing, bench_composing  # noqa: E402  models can be imported only now
from bench.pages import bench_pages  # noqa: E402
from bench.papers import bench_ingest, bench_scoring  # noqa: E402
from bench.preview import bench_preview  # noqa: E402
from bench.search import bench_search  # noqa: E402
from bench.selection import bench_preview_of_reader, bench_selection  # noqa: E402
from bench.sign_up import bench_sign_up  # noqa: E402

GROUPS: dict[str, list[Callable[[], None]]] = {
    "admin": [bench_admin],
    "ingest": [bench_ingest],
    "score": [bench_scoring],
    "model": [bench_model],
    "search": [bench_search],
    "pages": [bench_pages],
    "sign_up": [bench_sign_up],
    "preview": [bench_preview],
    "selection": [bench_selection, bench_preview_of_reader],
    "import": [bench_importing],
    "events": [bench_events],
    "newsletter": [bench_closing, bench_composing],
    # What is composed alone stays queued.
    "delivery": [bench_statements, bench_sending, bench_growth, bench_composing_alone],
}

for bench in GROUPS[sys.argv[1]]:
    bench()
