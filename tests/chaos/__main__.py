"""Prints how an edition goes out while things break, a line each; fails when mail is lost or doubled.

`python -m tests.chaos [--readers N] [WORD]` runs all rows, or those whose name contains WORD.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from tests.chaos.rows import ROWS
from tests.chaos.run import HEADER, run
from tests.chaos.world import ground

LOGS = Path("var/chaos")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("word", nargs="?", default="")
    parser.add_argument("--readers", type=int, default=5000)
    arguments = parser.parse_args()
    print(HEADER, flush=True)  # noqa: T201
    failed = 0
    with ground(arguments.readers) as place:
        for row in ROWS:
            if arguments.word not in row.name:
                continue
            try:
                line = run(row, place)
            except (TimeoutError, subprocess.SubprocessError) as err:
                # The others are worth knowing all the same.
                print(f"{row.name:<32} {err}", flush=True)  # noqa: T201
                failed += 1
            else:
                print(line, flush=True)  # noqa: T201
                failed += bool(line.trouble)
            finally:
                _keep_logs(place.folder)
    return failed


def _keep_logs(folder: Path) -> None:
    others = shutil.ignore_patterns("postgres", "redis", "var")
    shutil.copytree(folder, LOGS, dirs_exist_ok=True, ignore=others)


if __name__ == "__main__":
    sys.exit(main())
