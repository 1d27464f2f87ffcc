"""Writes var/gallery: pictures of every mail and every page, and index.html that shows them.

`python -m tests.gallery [WORD]` shows all, or those whose name contains WORD. The developer's own database and mail
are left alone.
"""

import os
import sys

import django

os.environ |= {"DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": ""}
django.setup()

from tests.gallery.show import show_everything  # noqa: E402  needs Django set up

if __name__ == "__main__":
    sys.exit(show_everything("".join(sys.argv[1:2])))
