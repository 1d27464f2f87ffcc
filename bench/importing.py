"""Taking in a hundred thousand readers from a file, and taking in the same file again."""

import io
import tempfile
from functools import partial
from itertools import count
from typing import BinaryIO

from bench.clock import AT
from bench.measure import report, seconds, traced_megabytes
from papers.models import Topic
from subscribers.importing import import_readers, open_readers
from subscribers.models import Subscriber

ROWS, FEW = 100_000, 4_000

prefixes = count(1)


def bench_importing() -> None:
    """A file with topics and interests; the same again, which changes nothing; and what five times as many hold."""
    with _file(ROWS) as file:
        first, again = (seconds(partial(_take_in, file)) for _ in range(2))
    if Subscriber.objects.count() != ROWS:
        raise SystemExit("Not everybody was taken in.")
    with _file(FEW) as little, _file(5 * FEW) as much:
        few, many = (traced_megabytes(partial(_take_in, file)) for file in (little, much))
    report(
        "import",
        "seconds",
        first,
        rows_per_second=round(ROWS / first),
        again_to_first=round(again / first, 3),
        memory_of_five_times_as_many=round(many / few, 2),
    )


def _file(rows: int) -> BinaryIO:
    """A file on disk with readers whom nobody knows yet."""
    prefix = next(prefixes)
    topics = ", ".join(Topic.objects.values_list("slug", flat=True)[:2])
    file = tempfile.TemporaryFile()  # noqa: SIM115  closed by who asked for it
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    text.write("E-Mail;Name;Topics;Interests;Hour;Time zone\r\n")
    for number in range(rows):
        text.write(f'reader{number}@list{prefix}.example;Jürgen {number};{topics};"agents, video";7;Europe/Vienna\r\n')
    text.detach()
    return file


def _take_in(file: BinaryIO) -> None:
    import_readers(open_readers(file, {}), "Made up by the bench", lambda: AT)
