"""The most telling rows of `make chaos`, with fewer readers."""

from collections.abc import Iterator

import pytest

from tests.chaos.rows import ROWS, Row
from tests.chaos.run import run
from tests.chaos.world import Ground, ground

pytestmark = pytest.mark.chaos

READERS = 400


@pytest.fixture(scope="module")
def place() -> Iterator[Ground]:
    with ground(READERS) as made:
        yield made


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in ROWS if row.in_ci])
def test_nothing_is_lost_or_doubled_and_unknown_is_only_what_nobody_can_know(row: Row, place: Ground) -> None:
    line = run(row, place)
    assert line.trouble == "", str(line)
