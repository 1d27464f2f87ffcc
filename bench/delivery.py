"""Sending: from queued rows to settled rows, with real nodes and a real receiver, beside what others reach."""

import time
from collections.abc import Sequence
from datetime import timedelta

from django.db import connection
from django.db.models import Max, Min
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bench.measure import report
from bench.nodes import node
from bench.queued import make_edition, make_readers, queue
from bench.sink import sink
from bench.yardsticks import smtplib_rate, usual_rate
from newsletter.delivery import send_due
from newsletter.joining import CompiledDigest
from newsletter.models import Delivery, Edition
from newsletter.rendering import digest_message

PROCESSES = 3
WINDOWS = (20, 1)
SIZES = (10_000, 30_000, 100_000)
READY = 200  # different messages that bare smtplib sends over and over
FIRST = 5_000


def bench_composing_alone(digests: int = 5_000) -> None:
    """Personal digests as bytes, on one core, from rows that were read."""
    deliveries = _queued(digests)
    compiled = CompiledDigest(deliveries[0].edition.fragments, is_own=True)
    _compose(deliveries[:READY], compiled)
    started = time.process_time()
    length = sum(map(len, _compose(deliveries, compiled)))
    spent = time.process_time() - started
    report("compose_digests", "digests/s of a core", digests / spent, bytes=length // digests)


def bench_statements(digests: int = 400) -> None:
    """What a delivery asks of the database; BEGIN and COMMIT counted apart."""
    for window in WINDOWS:
        _queued(digests)
        with sink() as port, _sending(port, window), CaptureQueriesContext(connection) as captured:
            send_due(timezone.now, until=timezone.now() + timedelta(minutes=2))
        statements = [query["sql"] for query in captured.captured_queries]
        ends = sum(sql in {"BEGIN", "COMMIT"} for sql in statements)
        report(
            "statements",
            "a delivery",
            (len(statements) - ends) / digests,
            window=window,
            begin_and_commit=round(ends / digests, 2),
        )


def bench_sending(digests: int = 20_000) -> None:
    """The whole way, beside bare smtplib with ready bytes on as many processes, and a plain loop of Django's."""
    if connection.vendor != "postgresql":
        return  # embedded, one process sends
    with sink() as port:
        for window in WINDOWS:
            deliveries = _queued(digests)
            ready = _compose(deliveries[:READY], CompiledDigest(deliveries[0].edition.fragments, is_own=True))
            bare = smtplib_rate(ready, port=port, processes=PROCESSES, messages=digests)
            usual = usual_rate(deliveries[: digests // 20], port=port)
            rate, megabytes = _send(deliveries[0].edition, window, port)
            report(
                "deliver",
                "digests/s",
                rate,
                window=window,
                processes=PROCESSES,
                digests=digests,
                smtplib=round(bare),
                to_smtplib=round(rate / bare, 2),
                django_loop=round(usual),
                to_django_loop=round(rate / usual, 1),
                megabytes=round(megabytes),
            )


def bench_growth(sizes: Sequence[int] = SIZES) -> None:
    """Ever more readers: storing a delivery for each, picks given, and sending them."""
    for readers in sizes:
        make_readers(readers)
        edition = make_edition()
        report("queue_deliveries", "seconds", queue(edition, readers), readers=readers)
        if connection.vendor == "postgresql":
            _tidy()
            with sink() as port:
                rate, megabytes = _send(edition, WINDOWS[0], port)
            report("deliver_to", "digests/s", rate, readers=readers, window=WINDOWS[0], megabytes=round(megabytes))


def _queued(digests: int) -> list[Delivery]:
    """Queue so many digests of a new edition; return the first of them, with edition and reader."""
    make_readers(digests)
    edition = make_edition()
    queue(edition, digests)
    _tidy()
    first = list(edition.deliveries.select_related("subscriber").order_by("next_attempt_at")[:FIRST])
    for delivery in first:
        delivery.edition = edition
    return first


def _tidy() -> None:
    """Do what PostgreSQL's autovacuum does within a minute of such a change."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def _compose(deliveries: Sequence[Delivery], compiled: CompiledDigest) -> list[bytes]:
    at = timezone.now()
    return [
        digest_message(delivery, delivery.subscriber, compiled, at).mime_bytes()
        for delivery in deliveries
        if delivery.subscriber
    ]


def _sending(port: int, window: int) -> override_settings:
    """Settings with which this process hands over to the SMTP server at `port`."""
    return override_settings(
        EMAIL_BACKEND="mail.backends.SmtpBackend",
        MAIL_PROVIDER="smtp",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=port,
        NEWSLETTER_WINDOW=window,
    )


def _send(edition: Edition, window: int, port: int) -> tuple[float, float]:
    """Send an edition by a node; return digests a second, first hand-over to last settled row, and its megabytes."""
    with node(processes=PROCESSES, window=window, port=port) as sender:
        sender.send(edition)
        megabytes = sender.megabytes()
    sent = edition.deliveries.filter(status=Delivery.Status.ACCEPTED)
    count = sent.count()
    if count < edition.deliveries.count():
        raise SystemExit("Some digests were not accepted.")
    times = sent.aggregate(began=Min("handed_over_at"), ended=Max("settled_at"))
    return count / (times["ended"] - times["began"]).total_seconds(), megabytes
