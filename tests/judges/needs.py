"""Says what the judges lack on this machine, and how to install it; exit code 1 when anything is missing."""

import shutil
import subprocess
import sys

PACKAGES = {
    "spamassassin": "spamassassin",
    "rspamd": "rspamd",
    "java": "default-jre-headless",
    "node": "nodejs",
    "npm": "npm",
    "chromium": "chromium",
}
NODE = 20


def main() -> int:
    missing = [package for program, package in PACKAGES.items() if shutil.which(program) is None]
    if missing:
        print(f"The judges need more: sudo apt-get install {' '.join(missing)}")  # noqa: T201  a person reads it
        return 1
    version = subprocess.run(["node", "--version"], check=True, capture_output=True, text=True).stdout.strip()
    if int(version.removeprefix("v").partition(".")[0]) < NODE:
        print(f"The judges need Node {NODE} or newer; this is {version}.")  # noqa: T201  a person reads it
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
