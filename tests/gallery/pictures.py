"""Takes the pictures: narrow and wide, light and dark, of the whole length."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.browser.linked_pages import Visit
from tests.browser.looking import Scheme, overflow
from tests.browser.test_pages import pay
from tests.every_mail import Mail

MAIL_WIDTHS = [375, 600]
PAGE_WIDTHS = [375, 1280]
SCHEMES: list[Scheme] = ["light", "dark"]
# Of which mail there is a picture with large type: one with everything in it.
WITH_LARGE_TYPE = "hard-mixed"
# As mail programs enlarge text: every size of type, and nothing else.
ENLARGE = """
  const elements = [...document.body.querySelectorAll('*')];
  const sizes = elements.map(element => parseFloat(getComputedStyle(element).fontSize));
  elements.forEach((element, place) => element.style.setProperty('font-size', `${2 * sizes[place]}px`, 'important'));
"""


@dataclass(frozen=True)
class Picture:
    file: str
    width: int
    # As in "375 px, dark".
    caption: str


@dataclass(frozen=True)
class Exhibit:
    """A mail or a page with its pictures, and what is wrong with it."""

    name: str
    pictures: Sequence[Picture]
    wrong: Sequence[str]
    mail: Mail | None = None


def show_mails(browser: Browser, folder: Path, mails: Sequence[Mail]) -> Iterator[Exhibit]:
    """Write each mail to `folder`, as file and as pictures."""
    page = browser.new_page()
    for mail in mails:
        (folder / f"{mail.name}.eml").write_bytes(mail.raw)
        (folder / f"{mail.name}.txt").write_text(mail.text, encoding="utf-8")
        file = folder / f"{mail.name}.html"
        file.write_text(mail.html, encoding="utf-8")
        page.goto(file.as_uri())
        pictures, wrong = _take(page, folder, mail.name, MAIL_WIDTHS)
        if mail.name == WITH_LARGE_TYPE:
            pictures.append(_take_with_large_type(page, folder, mail.name))
        yield Exhibit(mail.name, pictures, wrong, mail)
    page.close()


def show_pages(browser: Browser, folder: Path, visits: Mapping[str, Visit]) -> Iterator[Exhibit]:
    """Pay each visit, and write pictures of where it ends to `folder`."""
    for name, visit in visits.items():
        page = browser.new_page()
        # Some of these pages come once only: the one that came is looked at in every way.
        answered = pay(page, visit)
        pictures, wrong = _take(page, folder, name, PAGE_WIDTHS)
        page.close()
        yield Exhibit(name, pictures, answered + wrong)


def _take(page: Page, folder: Path, name: str, widths: Sequence[int]) -> tuple[list[Picture], list[str]]:
    """Take the pictures of a page, and find out what sticks out."""
    pictures, wrong = [], []
    for width, scheme in product(widths, SCHEMES):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        picture = Picture(f"{name}-{width}-{scheme}.png", width, f"{width} px, {scheme}")
        page.screenshot(path=folder / picture.file, full_page=True)
        pictures.append(picture)
        if scheme == "light" and (stuck_out := overflow(page)):
            wrong.append(f"{stuck_out} pixels stick out at {width} px")
    return pictures, wrong


def _take_with_large_type(page: Page, folder: Path, name: str) -> Picture:
    page.set_viewport_size({"width": 375, "height": 900})
    page.emulate_media(color_scheme="light")
    page.evaluate(f"() => {{ {ENLARGE} }}")
    page.screenshot(path=folder / f"{name}-375-large-type.png", full_page=True)
    return Picture(f"{name}-375-large-type.png", 375, "375 px, type twice as large")
