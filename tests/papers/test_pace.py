"""Turns at a service, taken by real processes at a real server."""

import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection
from django.utils import timezone
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from papers.models import Pace
from papers.sources.base import SourceError
from papers.sources.http import Service, Visit
from papers.sources.pace import take_turns
from tests.factories import NOW
from tests.journey import ROOT, environment

PAUSE = timedelta(seconds=0.4)
ASK_THREE_TIMES = """
import sys, django
django.setup()
from datetime import datetime, timedelta, UTC
from papers.sources.http import Service, Visit
from papers.sources.pace import take_turns
service = Service("arxiv", sys.argv[1], turns=take_turns("arxiv", timedelta(seconds=0.4)))
with Visit(service, datetime.now(UTC)) as visit:
    for _ in range(3):
        visit.get(sys.argv[1])
"""


@dataclass
class SlowService:
    """Takes a moment for an answer, and takes down when it was asked and had answered."""

    asked: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, _: Request) -> Response:
        with self._lock:
            self.asked.append(time.monotonic())
        time.sleep(0.1)
        with self._lock:
            self.answered.append(time.monotonic())
        return Response("ok")

    def pauses(self) -> list[float]:
        """How long after each answer the next request came; negative when it came before."""
        return [
            asked - answered for answered, asked in zip(sorted(self.answered), sorted(self.asked)[1:], strict=False)
        ]


@pytest.fixture
def service(httpserver: HTTPServer) -> SlowService:
    slow = SlowService()
    httpserver.expect_request("/").respond_with_handler(slow.answer)
    return slow


def database_variables(tmp_path: Path) -> dict[str, str]:
    """Where other processes find the database of the test; on SQLite that lives in memory, so they get a file."""
    if connection.vendor == "postgresql":
        told = connection.settings_dict
        place = f"{told['HOST']}:{told['PORT']}/{told['NAME']}"
        return {
            "DATABASE_URL": f"postgres://{told['USER']}:{quote(told['PASSWORD'])}@{place}",
            "VAR_DIR": str(tmp_path),
        }
    variables = {"VAR_DIR": str(tmp_path)}
    migrate = [sys.executable, "manage.py", "migrate", "papers", "-v0"]
    subprocess.run(migrate, cwd=ROOT, env=environment(**variables), check=True, timeout=120)
    return variables


@pytest.mark.django_db(transaction=True)
def test_processes_that_ask_one_service_never_overlap_and_keep_the_pause(
    httpserver: HTTPServer, service: SlowService, tmp_path: Path
) -> None:
    env = environment(**database_variables(tmp_path)) | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-c", ASK_THREE_TIMES, httpserver.url_for("/")]
    processes = [subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for process in processes:
        _, said = process.communicate(timeout=90)
        assert process.returncode == 0, said
    assert len(service.asked) == 9
    assert min(service.pauses()) >= PAUSE.total_seconds() - 0.02


def ask(
    httpserver: HTTPServer, *, lease: timedelta = timedelta(seconds=45), budget: timedelta = timedelta(seconds=60)
) -> None:
    url = httpserver.url_for("/")
    with Visit(Service("arxiv", url, turns=take_turns("arxiv", PAUSE, lease)), NOW, budget=budget) as visit:
        visit.get(url)


@pytest.mark.django_db
def test_two_services_do_not_wait_for_each_other() -> None:
    began = time.monotonic()
    for name in ("one", "other"):
        with take_turns(name, timedelta(seconds=30))(1):
            pass
    assert time.monotonic() - began < 1


@pytest.mark.django_db
def test_a_turn_that_failed_is_followed_by_a_pause_too(httpserver: HTTPServer, service: SlowService) -> None:
    turns = take_turns("arxiv", PAUSE)
    with pytest.raises(ZeroDivisionError), turns(1):
        raise ZeroDivisionError
    began = time.monotonic()
    ask(httpserver)
    assert service.asked[0] - began >= PAUSE.total_seconds() - 0.05


@pytest.mark.django_db
def test_a_process_that_died_keeps_its_turn_only_for_the_lease(httpserver: HTTPServer, service: SlowService) -> None:
    # What a process leaves that was killed while it asked: a turn that lasts for the rest of its lease.
    Pace.objects.create(service="arxiv", free_at=timezone.now() + timedelta(seconds=1))
    began = time.monotonic()
    ask(httpserver)
    assert 0.8 < service.asked[0] - began < 3


@pytest.mark.django_db
def test_who_outlived_the_lease_does_not_end_the_turn_of_another() -> None:
    slow = take_turns("arxiv", timedelta(), timedelta(seconds=0.1))(1)
    slow.__enter__()
    time.sleep(0.2)
    with take_turns("arxiv", PAUSE)(1):
        ours = Pace.objects.get().free_at
        slow.__exit__(None, None, None)
        assert Pace.objects.get().free_at == ours


@pytest.mark.django_db
def test_no_turn_in_time_is_an_error_that_may_pass(httpserver: HTTPServer, service: SlowService) -> None:
    with take_turns("arxiv", PAUSE)(1), pytest.raises(SourceError, match="no turn came in time") as caught:
        ask(httpserver, budget=timedelta(seconds=0.3))
    assert not caught.value.permanent
    assert service.asked == []
