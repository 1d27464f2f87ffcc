"""Files instead of a mail server, on a disk that fills up."""

import shutil
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Self

from tests.chaos.receiver import Plan

SMALL, LARGE = "30m", "8g"


class Outbox:
    """A small tmpfs at `var/outbox` beside `log`; what stands there has arrived. Only root can mount one."""

    lost_answers = contents_with_marker = 0
    port = 0

    def __init__(self, log: Path, *, delay: float, plan: Plan) -> None:
        self.delay, self.plan = delay, plan
        self.var = log.parent / "var"
        self.folder = self.var / "outbox"

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True)
        self._mount("tmpfs", f"size={SMALL}")
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", self.folder], check=True)

    @property
    def received(self) -> Counter[str]:
        return Counter(path.stem for path in self.folder.glob("*.eml") if not path.name.startswith("."))

    def wait_until_full(self, *, patience: float = 60) -> None:
        deadline = time.monotonic() + patience
        while shutil.disk_usage(self.folder).free > 200_000:
            if time.monotonic() > deadline:
                raise TimeoutError("the disk did not fill up")
            time.sleep(0.05)

    def grow(self) -> None:
        self._mount("tmpfs", f"remount,size={LARGE}")

    def _mount(self, kind: str, options: str) -> None:
        subprocess.run(["mount", "-t", kind, "-o", options, kind, self.folder], check=True)
