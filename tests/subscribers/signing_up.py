"""A visitor at the form."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from subscribers.abuse import make_stamp

ADDRESS = "ada.lovelace@example.org"


def fill_in(address: str = ADDRESS, *, seconds: float = 10, **more: Any) -> dict[str, object]:
    """What a browser posts whose owner took some seconds over the form."""
    return {"email": address, "stamp": make_stamp(timezone.now() - timedelta(seconds=seconds)), "website": ""} | more


def sign_up(browser: Client, address: str = ADDRESS, *, caller: str = "192.0.2.7", **more: Any) -> HttpResponse:
    body = urlencode(fill_in(address, **more), doseq=True)
    response = browser.post("/subscribe/", body, content_type="application/x-www-form-urlencoded", REMOTE_ADDR=caller)
    assert isinstance(response, HttpResponse)
    return response
