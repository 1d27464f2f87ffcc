"""Writes var/gallery: pictures of every mail and every page, and index.html that shows them.

`python -m tests.gallery [WORD]` shows all, or those whose name contains WORD. The developer's own database and mail
are left alone. Without a browser it says what to install, with exit code 1.
"""

import os
import shutil
import sys

import django

os.environ |= {"DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": ""}
django.setup()

from tests.browser.chromium import CHROMIUM  # noqa: E402  as below
from tests.gallery.show import show_everything  # noqa: E402  needs Django set up


def main(word: str) -> int:
    if shutil.which(CHROMIUM) is None:
        print("The gallery needs more: sudo apt-get install chromium")  # noqa: T201  a person reads it
        print(f"There is no browser at {CHROMIUM}. One elsewhere is named by CHROMIUM.")  # noqa: T201
        return 1
    return show_everything(word)


if __name__ == "__main__":
    sys.exit(main("".join(sys.argv[1:2])))
