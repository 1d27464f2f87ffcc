"""Every page in Chromium, on a phone and a desk, light and dark: nothing sticks out, and axe finds nothing serious."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Error, Page, Request

from newsletter.models import Edition
from papers.models import Paper, TrendingScore
from subscribers.links import preferences_url
from tests.browser.linked_pages import VISITS, Visit
from tests.browser.looking import LOOKS, misfits, serious_findings
from tests.factories import NOW, make_reader

# Rolled back to what migrations made, since the topics are theirs.
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


def first_paper() -> str:
    score = TrendingScore.objects.ranked("day", NOW.date()).first()
    assert score
    return score.paper.get_absolute_url()


def longest_title() -> str:
    return max(Paper.objects.all(), key=lambda paper: len(paper.title)).get_absolute_url()


def edition() -> str:
    return f"/editions/{Edition.objects.get().period}/"


PAGES: dict[str, str | Callable[[], str]] = {
    "home": "/",
    "trending-week": "/trending/week/",
    "trending-past-day": "/trending/day/2026-11-20/",
    "trending-future": "/trending/day/2030-01-01/",
    "topics": "/topics/",
    "topic": "/topics/agents/",
    "trending-paged": "/trending/month/?page=2",
    "paper": first_paper,
    "paper-long": longest_title,
    "search": "/search/?q=tr",
    "search-nothing": "/search/?q=zzzzzz",
    "search-long": "/search/?q=" + "donaudampfschifffahrt" * 9,
    "editions": "/editions/",
    "edition": edition,
    "about": "/about/",
    "about-trending": "/about/trending",
    "about-choosing": "/about/choosing",
    "missing": "/nowhere/",
    "start": "/subscribe/",
    "check-your-inbox": "/subscribe/check-your-inbox/",
}


MISSING = {"trending-future": 404, "missing": 404}


@dataclass
class Observer:
    """What a page asked for, and what went wrong in it."""

    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def see_request(self, request: Request) -> None:
        self.requests.append(request.url)

    def see_error(self, error: Error) -> None:
        self.errors.append(str(error))


def pay(page: Page, visit: Visit) -> list[str]:
    """Open a link, do there what belongs to the visit, and return what is wrong with the answer."""
    response = page.goto(visit.address())
    for step in visit.steps:
        with page.expect_navigation() as arrival:
            step(page)
        response = arrival.value
    assert response
    return [] if response.status == visit.status else [f"answered {response.status}"]


def plain_visits(site: str) -> dict[str, Visit]:
    """How to come to each page of the site at this address that anybody may open."""
    return {name: Visit(at_site(site, address), (), MISSING.get(name, 200)) for name, address in PAGES.items()}


def at_site(site: str, address: str | Callable[[], str]) -> Callable[[], str]:
    return lambda: site + (address() if callable(address) else address)


def test_every_page_fits_and_is_accessible(chromium: Browser, site: str) -> None:
    page = chromium.new_page()
    observer = Observer()
    page.on("request", observer.see_request)
    page.on("pageerror", observer.see_error)
    # Some of these pages come once only: the one that came is looked at in every way.
    wrong = {name: pay(page, visit) + misfits(page) for name, visit in (plain_visits(site) | VISITS).items()}
    page.close()
    assert {name: found for name, found in wrong.items() if found} == {}
    assert observer.errors == []
    # A picture, a font or a script from elsewhere would tell elsewhere who reads.
    assert [url for url in observer.requests if not url.startswith(site)] == []


def test_what_sticks_out_and_what_is_hard_to_read_is_found(chromium: Browser) -> None:
    page = chromium.new_page()
    pale = "<style>@media (prefers-color-scheme: {}) {{ p {{ background: #fff; color: #aaa }} }}</style><p>Pale</p>"
    for width, scheme in LOOKS:
        page.set_content(pale.format(scheme))
        (found,) = [told for told in misfits(page) if "color-contrast" in told]
        assert found.startswith(f"{width} {scheme}: ")
    page.set_content("<div style='width: 400px'>Wide</div>")
    assert [told for told in misfits(page) if "stick" in told] == ["375 light: 33 pixels stick out"]
    page.close()


def test_the_site_is_used_without_script(chromium: Browser, site: str) -> None:
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.goto(site)
    page.get_by_role("link", name="Trending", exact=True).click()
    page.get_by_role("link", name="Month").click()
    assert page.url == f"{site}/trending/month/"
    page.locator("input[type=date]").fill("2026-11-20")
    page.get_by_role("button", name="Show").click()
    assert page.url == f"{site}/trending/month/2026-11-20/"
    page.get_by_role("searchbox").fill("tr")
    page.get_by_role("searchbox").press("Enter")
    assert page.locator(".headline").first.inner_text().startswith("TR-")


def test_papers_are_found_while_their_title_is_typed(chromium: Browser, site: str) -> None:
    page = chromium.new_page()
    page.goto(site)
    page.evaluate("window.isSamePage = true")
    page.get_by_role("searchbox").press_sequentially("tr")
    page.wait_for_url(f"{site}/search/?q=tr")
    page.locator("h1", has_text="Papers about “tr”").wait_for()
    assert page.locator(".headline").first.inner_text().startswith("TR-")
    assert page.title().startswith("tr · Search")
    assert re.match(r"\d+ papers found, page 1 of", page.locator("#search-said").inner_text())
    assert serious_findings(page) == []
    page.get_by_role("searchbox").press_sequentially("-mmlu")
    page.wait_for_url(f"{site}/search/?q=tr-mmlu")
    assert page.locator("#search-said").inner_text() == "2 papers found"
    page.get_by_role("searchbox").press_sequentially(" zzzz")
    page.wait_for_url(f"{site}/search/?q=tr-mmlu+zzzz")
    assert page.locator("#search-said").inner_text() == "No paper holds all of these words."
    assert page.evaluate("window.isSamePage")
    page.go_back()
    page.locator("h1", has_text="Today’s trending papers").wait_for()
    assert page.url == f"{site}/"
    page.close()


def test_an_answer_that_comes_late_does_not_replace_a_later_one(chromium: Browser, site: str) -> None:
    page = chromium.new_page()
    given_up: list[str] = []
    page.on("requestfailed", lambda request: given_up.append(request.url))
    page.route(re.compile(r"q=t$"), lambda route: None)
    page.goto(f"{site}/about/")
    with page.expect_request(f"{site}/search/?q=t"):
        page.get_by_role("searchbox").press_sequentially("t")
    page.get_by_role("searchbox").press_sequentially("r")
    page.wait_for_url(f"{site}/search/?q=tr")
    assert given_up == [f"{site}/search/?q=t"]
    page.close()


def test_typing_a_search_does_not_replace_what_was_written_into_a_form(chromium: Browser, site: str) -> None:
    page = chromium.new_page()
    asked: list[str] = []
    address = preferences_url(make_reader(), timezone.now())
    page.goto(address)
    # Which has the digest chosen anew: asked for before anybody listens.
    with page.expect_response(re.compile("/preview$")):
        page.get_by_label("Interests").fill("sparse attention")
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("searchbox", name="Search papers").press_sequentially("tr")
    page.wait_for_timeout(500)
    assert (page.url, asked) == (address, [])
    assert page.get_by_label("Interests").input_value() == "sparse attention"
    page.close()


def test_the_sign_up_form_leads_to_check_your_inbox(chromium: Browser, site: str) -> None:
    page = chromium.new_page()
    page.goto(site)
    page.locator("#sign-up input[type=email]").fill("reader@example.org")
    page.get_by_role("button", name="Subscribe").click()
    assert page.url == f"{site}/subscribe/check-your-inbox/"
