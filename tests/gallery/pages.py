"""Every page there is: those of the browser tests, and those that only something odd leads to."""

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from playwright.sync_api import Page

from config import urls as site_urls
from newsletter.models import Delivery
from newsletter.rendering import personal_links
from subscribers.changing_address import ask_to_change
from subscribers.links import preferences_token
from tests.browser.linked_pages import VISITS, Visit, ask_for, without_help
from tests.browser.test_pages import at_site, plain_visits
from tests.factories import make_reader

ERRORS: dict[str, Exception] = {
    "bad-request": SuspiciousOperation(),
    "forbidden": PermissionDenied(),
    "broken": RuntimeError("A page that is broken on purpose."),
}


def _raise(request: HttpRequest, name: str) -> HttpResponse:
    raise ERRORS[name]


# The site, and pages that end in an error.
urlpatterns = [*site_urls.urlpatterns, path("errors/<slug:name>/", _raise)]
handler400, handler404 = site_urls.handler400, site_urls.handler404


def visits(site: str) -> dict[str, Visit]:
    """How to come to each page of the site at this address, by what it is called here."""
    odd = {name: Visit(at_site(site, address), *rest) for name, (address, *rest) in ODD.items()}
    return plain_visits(site) | VISITS | odd


# --- What only something odd leads to ---------------------------------------------------------------------------------


def _web_copy() -> str:
    delivery = Delivery.objects.filter(subscriber__isnull=False).earliest("chosen_at")
    assert delivery.subscriber
    return personal_links(delivery, delivery.subscriber).web_copy_url.removeprefix(settings.SITE_URL)


def _sign_up_like_a_program(page: Page) -> None:
    """Fill in the field that nobody sees; the sum that this leads to never ends."""
    page.add_init_script("crypto.subtle.deriveBits = () => new Promise(() => {})")
    page.locator("[name=website]").first.evaluate("field => { field.value = 'x'; }")
    page.locator("#sign-up input[type=email]").fill("reader@example.org")
    page.locator("#sign-up button").click()


def _sign_up_without_address(page: Page) -> None:
    without_help(page)
    page.get_by_label("Email address").fill("half an address")
    page.get_by_label("Email address").press("Enter")


def _address_after_many() -> str:
    """The form of a reader who asked for another address as often as one may."""
    reader, at = make_reader(), timezone.now()
    while ask_to_change(reader, "other@example.org", at):
        pass
    return reverse("change_address", args=[preferences_token(reader, at)])


ODD: dict[str, tuple[Any, ...]] = {
    "web-copy": (_web_copy,),
    "address-too-often": (_address_after_many, (ask_for("another@example.org"),), 429),
    "start-refused": ("/subscribe/", (_sign_up_without_address,), 400),
    "challenge": ("/", (_sign_up_like_a_program,), 403),
    "bad-request": ("/errors/bad-request/", (), 400),
    "forbidden": ("/errors/forbidden/", (), 403),
    "broken": ("/errors/broken/", (), 500),
}
