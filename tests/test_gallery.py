"""The gallery can be asked for where it cannot be made."""

import os
import subprocess
import sys

from tests.journey import ROOT


def test_without_a_browser_the_gallery_says_what_to_install() -> None:
    asked = subprocess.run(
        [sys.executable, "-m", "tests.gallery"],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"CHROMIUM": "/nowhere/chromium"},
    )
    assert asked.returncode == 1
    assert "sudo apt-get install chromium" in asked.stdout
    assert "/nowhere/chromium" in asked.stdout
    assert asked.stderr == ""
