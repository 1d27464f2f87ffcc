"""The gallery's pictures are of the mails and pages that it says they are of."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from tests.every_mail import hard_digests
from tests.gallery.index import write_index
from tests.gallery.pages import visits
from tests.gallery.pictures import MAIL_WIDTHS, PAGE_WIDTHS, WITH_LARGE_TYPE, Exhibit, show_mails, show_pages

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


def size_of(picture: Path) -> tuple[int, int]:
    """Width and height of a PNG file."""
    header = picture.read_bytes()[:24]
    assert header.startswith(b"\x89PNG\r\n\x1a\n")
    return int.from_bytes(header[16:20]), int.from_bytes(header[20:24])


def widths_of(exhibit: Exhibit, folder: Path) -> set[int]:
    """How wide its pictures are, each of them as wide as it is said to be."""
    assert [size_of(folder / picture.file)[0] for picture in exhibit.pictures] == [
        picture.width for picture in exhibit.pictures
    ]
    return {picture.width for picture in exhibit.pictures}


def pictures_on(chromium: Browser, index: Path) -> list[str]:
    """The addresses of the pictures that a file shows; one that cannot be shown is an error."""
    page = chromium.new_page()
    page.goto(index.as_uri())
    found: list[str] = page.evaluate(
        """() => Promise.all([...document.images].map(image => {
          image.loading = "eager";
          return image.decode().then(() => image.currentSrc);
        }))"""
    )
    page.close()
    return found


def test_a_mail_and_a_page_are_shown_narrow_and_wide_light_and_dark(
    chromium: Browser, live_server: LiveServer, tmp_path: Path
) -> None:
    mails = [mail for mail in hard_digests() if mail.name == WITH_LARGE_TYPE]
    (mail,) = show_mails(chromium, tmp_path, mails)
    (page,) = show_pages(chromium, tmp_path, {"about": visits(live_server.url)["about"]})
    assert (widths_of(mail, tmp_path), widths_of(page, tmp_path)) == (set(MAIL_WIDTHS), set(PAGE_WIDTHS))
    assert (mail.wrong, page.wrong) == ([], [])
    light, dark = ((tmp_path / f"about-375-{scheme}.png").read_bytes() for scheme in ("light", "dark"))
    assert light != dark
    usual, large = (size_of(tmp_path / f"{WITH_LARGE_TYPE}-375-{what}.png") for what in ("light", "large-type"))
    assert large[1] > 2 * usual[1]
    index = write_index(tmp_path, {"Mails": [mail], "Pages": [page]})
    assert pictures_on(chromium, index) == [
        (tmp_path / picture.file).as_uri() for picture in [*mail.pictures, *page.pictures]
    ]
    assert mails[0].preheader in index.read_text(encoding="utf-8")
