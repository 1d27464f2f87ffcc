import stat
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from newsletter.models import Delivery, Edition
from papers.models import Paper
from subscribers.models import Suppression
from tests.conftest import MailServer
from tests.factories import make_delivery, make_edition, make_paper, make_reader

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    output = StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue()


def test_tick_does_what_is_due_and_a_second_one_finds_nothing_to_do(outbox: Path) -> None:
    assert "259 new papers" in run("tick")
    before = (Paper.objects.count(), list(Edition.objects.values()))
    second = run("tick")
    assert "deliveries: none due" in second
    assert (Paper.objects.count(), list(Edition.objects.values())) == before


def test_tick_takes_who_was_refused_for_good_off_the_list_at_once(mail_server: MailServer, settings: Settings) -> None:
    settings.PAPERS_SOURCES = []
    at, paper = timezone.now(), make_paper()
    edition = make_edition(paper, day=at.date(), audience=1)
    make_delivery(edition, make_reader(email="gone@example.org"), paper, due_at=at)
    mail_server.replies = ["550 5.1.1 No such user"]
    assert "1 failed" in run("tick")
    assert Suppression.objects.covers("gone@example.org")


def test_preview_writes_what_the_reader_would_get_and_stores_nothing(tmp_path: Path) -> None:
    make_edition(make_paper(title="Seen Before Sending"), status=Edition.Status.DRAFT)
    reader = make_reader(email="ada@example.org")
    shown = run("preview_digest", "Ada@example.org", "--out", str(tmp_path))
    assert "Subject: Seen Before Sending" in shown
    assert "Seen Before Sending" in (tmp_path / f"reader-{reader.pk}.txt").read_text()
    html = tmp_path / f"reader-{reader.pk}.html"
    # What somebody reads is nobody else's business.
    assert stat.S_IMODE(html.stat().st_mode) == 0o600
    assert not Delivery.objects.exists()


def test_preview_shows_the_digest_that_is_queued_already(tmp_path: Path) -> None:
    paper, reader = make_paper(title="On Its Way"), make_reader(email="ada@example.org")
    make_delivery(make_edition(paper), reader, paper)
    assert "Subject: On Its Way" in run("preview_digest", "ada@example.org", "--out", str(tmp_path))


def test_preview_says_why_there_is_nothing(tmp_path: Path) -> None:
    make_reader(email="ada@example.org")
    with pytest.raises(CommandError, match="There is no reader"):
        run("preview_digest", "nobody@example.org", "--out", str(tmp_path))
    with pytest.raises(CommandError, match="There is no edition"):
        run("preview_digest", "ada@example.org", "--out", str(tmp_path))


def test_the_demo_refuses_to_send_real_mail(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "mail.backends.SmtpBackend"
    with pytest.raises(CommandError, match="unset EMAIL_URL"):
        run("demo")
