"""The model of the papers in the database: when it is made anew, and who has it open."""

import logging
import subprocess
import sys
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from papers import modelling
from papers.modelling import (
    current_text_model,
    ensure_text_model_holds,
    is_stale,
    refresh_if_stale,
    refresh_text_model,
)
from papers.models import Paper
from papers.tasks import refresh_text_model_task
from papers.text_model import TextModel
from papers.text_model_files import one_writer, read_pointer
from tests.factories import NOW, TODAY, make_paper
from tests.journey import ROOT, environment

pytestmark = pytest.mark.django_db

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)

# Says which version it has open, then waits for a line and says so again.
FOLLOW = """
import django
django.setup()
import sys
from papers.modelling import current_text_model

for _ in range(3):
    model = current_text_model()
    print(model.version if model else None, model is current_text_model(), flush=True)
    sys.stdin.readline()
"""


def make_papers() -> list[Paper]:
    """Two papers that share words, among others that share none."""
    alike = [make_paper(title="Robot memory", summary="Token graph") for _ in range(2)]
    return alike + [make_paper(title=word, summary="") for word in ("lonely", "single", "alone")]


def model() -> TextModel:
    found = current_text_model()
    assert found
    return found


def folder() -> Path:
    return Path(settings.PAPERS_TEXT_MODEL_DIR)


def damage_model() -> None:
    version = read_pointer(folder()).split()[0]
    (folder() / version / "mean.npy").write_bytes(b"something else")


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


# --- Making it ---------------------------------------------------------------------------------------------------


def test_the_model_holds_every_visible_paper_with_the_day_it_became_known() -> None:
    listed, published = make_paper(), make_paper(listed_on=None, published_on=date(2020, 2, 3))
    unknown, hidden = make_paper(listed_on=None), make_paper(is_hidden=True)
    version = refresh_text_model(NOW)
    assert model().version == version
    assert model().paper_ids.tolist() == [listed.pk, published.pk, unknown.pk]
    assert model().days.tolist() == [TODAY.toordinal(), date(2020, 2, 3).toordinal(), 0]
    assert model().rows_of([hidden.pk]).tolist() == [-1]


def test_a_paper_is_known_by_title_and_abstract_or_else_summary() -> None:
    for word in ("agents", "agents", "video", "video"):
        make_paper(title="", abstract=f"{word} abstract", summary=f"{word} summary")
    for word in ("robot", "robot", "proof", "proof"):
        make_paper(title=f"{word} title", abstract="", summary=f"{word} summary")
    refresh_text_model(NOW)
    assert len(model().columns_of(["agents abstract", "robot title", "robot summary"])) == 3
    assert not len(model().columns_of(["agents summary"]))


def test_papers_that_share_words_are_alike() -> None:
    make_papers()
    refresh_text_model(NOW)
    alike = (model().vectors @ model().vectors.T).toarray()
    assert alike[0, 1] == pytest.approx(1)
    assert alike[0, 2] == 0


def test_refreshing_twice_makes_the_same_model_of_another_version() -> None:
    make_papers()
    versions, models = zip(*((refresh_text_model(NOW), model()) for _ in range(2)), strict=True)
    assert versions[0] != versions[1]
    assert models[0].vectors.data.tobytes() == models[1].vectors.data.tobytes()
    assert models[0].mean.tobytes() == models[1].mean.tobytes()


def test_papers_are_read_in_one_query_however_many_they_are() -> None:
    make_papers()
    with CaptureQueriesContext(
        connection,
    ) as few:
        refresh_text_model(NOW)
    make_papers()
    with CaptureQueriesContext(connection) as many:
        refresh_text_model(NOW)
    assert len(many) == len(few)


# --- When it is stale --------------------------------------------------------------------------------------------


def test_a_model_is_stale_where_there_is_none_and_nobody_complains(caplog: pytest.LogCaptureFixture) -> None:
    assert is_stale(NOW)
    assert errors(caplog) == []


def test_a_model_whose_papers_stayed_is_stale_after_a_day() -> None:
    make_papers()
    refresh_text_model(NOW)
    assert not is_stale(NOW + timedelta(days=1))
    assert is_stale(NOW + timedelta(days=1) + MINUTE)


@pytest.mark.parametrize("change", ["came", "went", "was hidden", "one came and another went"])
def test_a_model_whose_papers_changed_is_stale_after_an_hour(change: str) -> None:
    first, *_ = make_papers()
    refresh_text_model(NOW)
    if change == "was hidden":
        Paper.objects.filter(pk=first.pk).update(is_hidden=True)
    if change in {"went", "one came and another went"}:
        first.delete()
    if change in {"came", "one came and another went"}:
        make_paper()
    assert not is_stale(NOW + HOUR)
    assert is_stale(NOW + HOUR + MINUTE)


def test_a_model_that_cannot_be_read_is_stale() -> None:
    refresh_text_model(NOW)
    damage_model()
    assert is_stale(NOW)


def test_only_a_stale_model_is_made_anew() -> None:
    refresh_if_stale(NOW)
    first = model()
    refresh_if_stale(NOW)
    assert model() is first
    make_paper()
    refresh_if_stale(NOW + HOUR + MINUTE)
    assert model().version != first.version


def test_the_task_makes_what_is_missing_once() -> None:
    refresh_text_model_task()
    first = model()
    refresh_text_model_task()
    assert model() is first


def test_who_finds_another_at_it_leaves_it_alone() -> None:
    with one_writer(folder()):
        refresh_if_stale(NOW)
    assert read_pointer(folder()) == ""


def test_a_refresh_that_fails_is_logged_and_tried_again(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.PAPERS_TEXT_MODEL_DIR = folder() / "file" / "below"
    (folder().parent).write_text("in the way")
    refresh_if_stale(NOW)
    assert errors(caplog) == ["The text model could not be made anew"]
    folder().parent.unlink()
    refresh_if_stale(NOW)
    assert model()


# --- Who has it open ---------------------------------------------------------------------------------------------


def test_a_model_is_opened_once_until_there_is_another() -> None:
    make_papers()
    refresh_text_model(NOW)
    first = model()
    assert model() is first
    refresh_text_model(NOW)
    assert model() is not first


def test_without_a_model_there_is_none_and_the_log_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    assert current_text_model() is None
    assert current_text_model() is None
    assert errors(caplog) == [f"The text model cannot be used: no text model is kept in {folder()}"]


def test_a_damaged_model_is_none_and_the_log_says_why_once(caplog: pytest.LogCaptureFixture) -> None:
    refresh_text_model(NOW)
    damage_model()
    assert current_text_model() is None
    assert current_text_model() is None
    (error,) = errors(caplog)
    assert error.endswith("mean.npy is not what was written")


def test_a_model_that_failed_is_tried_again_after_a_while(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    version = refresh_text_model(NOW)
    path = folder() / version
    path.rename(folder() / "away")
    assert current_text_model() is None
    (folder() / "away").rename(path)
    assert current_text_model() is None
    monkeypatch.setattr(modelling, "PAUSE", 0)
    assert model().version == version
    assert len(errors(caplog)) == 1


def test_a_damaged_model_is_replaced_by_the_next_round() -> None:
    make_papers()
    refresh_text_model(NOW)
    damage_model()
    refresh_if_stale(NOW)
    assert len(model().paper_ids) == 5


def test_a_running_process_sees_the_next_model(settings: Settings, tmp_path: Path) -> None:
    first = refresh_text_model(NOW)
    env = environment(VAR_DIR=str(tmp_path), PAPERS_TEXT_MODEL_DIR=str(folder()))
    follower = subprocess.Popen(
        [sys.executable, "-c", FOLLOW],
        cwd=ROOT,
        env=env | {"DJANGO_SETTINGS_MODULE": "config.settings"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert follower.stdout
    assert follower.stdin
    said = [follower.stdout.readline()]
    second = refresh_text_model(NOW + HOUR)
    follower.stdin.write("\n")
    follower.stdin.flush()
    said.append(follower.stdout.readline())
    damage_model()
    rest, _ = follower.communicate("\n\n", timeout=30)
    said.append(rest)
    # What is open stays so, whatever becomes of the files.
    assert said == [f"{first} True\n", f"{second} True\n", f"{second} True\n"]


# --- Before an edition closes ------------------------------------------------------------------------------------


def test_a_model_that_lacks_a_paper_of_the_edition_is_made_anew() -> None:
    papers = make_papers()
    ensure_text_model_holds([paper.pk for paper in papers], NOW)
    first = model()
    ensure_text_model_holds([paper.pk for paper in papers], NOW)
    assert model() is first
    new = make_paper()
    ensure_text_model_holds([papers[0].pk, new.pk], NOW)
    assert model().rows_of([new.pk]).tolist() == [5]


def test_hidden_papers_and_such_as_are_gone_are_no_reason_to_make_it_anew() -> None:
    make_papers()
    refresh_text_model(NOW)
    first = model()
    hidden, gone = make_paper(is_hidden=True), make_paper()
    Paper.objects.filter(pk=gone.pk).delete()
    ensure_text_model_holds([hidden.pk, gone.pk], NOW)
    assert model() is first


def test_a_damaged_model_is_made_anew_before_closing() -> None:
    papers = make_papers()
    refresh_text_model(NOW)
    damage_model()
    ensure_text_model_holds([papers[0].pk], NOW)
    assert model().rows_of([papers[0].pk]).tolist() == [0]


def test_a_model_that_cannot_be_made_stops_nobody(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    paper = make_paper()
    settings.PAPERS_TEXT_MODEL_DIR = folder() / "file"
    folder().write_text("in the way")
    ensure_text_model_holds([paper.pk], NOW)
    assert errors(caplog) == ["The text model could not be made anew"]
    assert current_text_model() is None


# --- The command -------------------------------------------------------------------------------------------------


def test_the_command_makes_it_whether_stale_or_not_and_tells_what_it_holds() -> None:
    make_papers()
    said = []
    for _ in range(2):
        out = StringIO()
        call_command("refresh_text_model", stdout=out)
        said.append(out.getvalue())
        assert out.getvalue().startswith(f"Text model {model().version}: 5 papers, 6 terms, ")
    assert said[0] != said[1]


def test_the_command_fails_where_the_model_cannot_be_kept(settings: Settings) -> None:
    settings.PAPERS_TEXT_MODEL_DIR = folder() / "file"
    folder().write_text("in the way")
    with pytest.raises(CommandError, match="cannot be kept"):
        call_command("refresh_text_model")


def test_a_refresh_has_time_enough_and_less_than_a_message_stays_away(settings: Settings) -> None:
    soft, hard = refresh_text_model_task.soft_time_limit or 0, refresh_text_model_task.time_limit or 0
    # What has not answered for 900 seconds is handed to another process.
    assert settings.CELERY_TASK_SOFT_TIME_LIMIT < soft < hard < 900
    tasks = [entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()]
    assert tasks.count(refresh_text_model_task.name) == 1


def test_a_clock_that_was_set_back_does_no_harm() -> None:
    make_papers()
    refresh_text_model(NOW)
    earlier = NOW - timedelta(days=3)
    assert not is_stale(earlier)
    refresh_text_model(earlier)
    assert model().version.startswith("20261120")
