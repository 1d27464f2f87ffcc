from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from newsletter.models import Delivery
from newsletter.reconciling import note_sent
from tests.factories import NOW, make_delivery, make_edition, make_paper, make_reader

pytestmark = pytest.mark.django_db
Status = Delivery.Status


def make_sent(count: int, status: str = Status.QUEUED) -> list[Delivery]:
    paper = make_paper()
    edition = make_edition(paper)
    return [make_delivery(edition, make_reader(), paper, status=status) for _ in range(count)]


def as_logged(delivery: Delivery) -> str:
    return f"Nov 23 18:00:01 relay postfix/cleanup[7]: 4F0A: message-id=<{delivery.pk}@papers.example>\n"


def statuses(deliveries: list[Delivery]) -> list[str]:
    return [Delivery.objects.get(pk=delivery.pk).status for delivery in deliveries]


def test_what_stands_in_the_log_is_not_sent_again() -> None:
    first, second, third = deliveries = make_sent(3)
    assert note_sent(["nothing of ours\n", as_logged(first), as_logged(third).upper()], NOW) == (2, 2, 0)
    assert statuses(deliveries) == ["accepted", "queued", "accepted"]
    assert list(Delivery.objects.due(NOW)) == [second]


def test_noting_twice_is_noting_once() -> None:
    (delivery,) = make_sent(1, status=Status.UNKNOWN)
    assert note_sent([as_logged(delivery)] * 2, NOW) == (1, 1, 0)
    assert note_sent([as_logged(delivery)], NOW) == (1, 0, 0)


def test_what_a_process_had_in_hand_when_the_backup_was_made_is_noted_too() -> None:
    (first,) = make_sent(1)
    claimed = make_delivery(
        first.edition, make_reader(), status=Status.CLAIMED, claim=uuid4(), lease_until=NOW - timedelta(minutes=1)
    )
    assert note_sent([as_logged(claimed)], NOW) == (1, 1, 0)
    assert statuses([claimed]) == ["accepted"]


def test_what_is_settled_or_in_hand_stays_as_it_is() -> None:
    settled = make_sent(1, status=Status.FAILED)
    in_hand = make_delivery(
        settled[0].edition, make_reader(), status=Status.HANDED_OVER, claim=uuid4(), lease_until=NOW
    )
    deliveries = [*settled, in_hand]
    assert note_sent(map(as_logged, deliveries), NOW) == (2, 0, 1)
    assert statuses(deliveries) == ["failed", "handed_over"]


def test_the_command_reads_a_file_whatever_else_is_in_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (delivery,) = make_sent(1)
    log = tmp_path / "mail.log"
    log.write_bytes(b"\xff\x00 not text\n" + as_logged(delivery).encode() + as_logged(Delivery(pk=uuid4())).encode())
    call_command("note_sent", str(log))
    assert capsys.readouterr().out == "1 deliveries of ours in it. Noted as sent, and not before: 1.\n"


def test_a_log_that_is_not_there_is_said_to_be_so() -> None:
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        call_command("note_sent", "/nowhere/mail.log")
