"""Every page of the site before the Nu HTML checker, as the server gives it."""

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page

from tests.browser.linked_pages import VISITS, Visit
from tests.browser.test_pages import PAGES
from tests.judges import nu
from tests.judges.conftest import Pass

pytestmark = [pytest.mark.judge, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


def source(page: Page, visit: Visit) -> str:
    """Do what belongs to the visit, and return the page it ends at."""
    response = page.goto(visit.address())
    for step in visit.steps:
        with page.expect_navigation() as arrival:
            step(page)
        response = arrival.value
    assert response
    return response.text()


def test_every_page_is_html(chromium: Browser, site: str, tmp_path: Path, pass_judge: Pass) -> None:
    addresses = {name: address() if callable(address) else address for name, address in PAGES.items()}
    pages = {name: httpx.get(f"{site}{address}").text for name, address in addresses.items()}
    context = chromium.new_context()
    page = context.new_page()
    pages |= {name: source(page, visit) for name, visit in VISITS.items()}
    context.close()
    pass_judge(nu.judge_pages(pages, tmp_path))


def test_a_page_that_is_no_html_is_found(tmp_path: Path) -> None:
    page = "<!doctype html><html lang=en><head><title>A page</title></head><body><ul><p>One</p></ul></body></html>"
    assert [found.where for found in nu.judge_pages({"a-page": page}, tmp_path).findings] == ["a-page"]
