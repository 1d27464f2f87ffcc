"""An edition as a reader gets it: who, on which screen, in which light; and sent to oneself."""

import re
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from newsletter.admin.desk.answering import EditionPage, address, edition_at, require
from newsletter.joining import JoinedBody
from newsletter.models import Edition
from newsletter.preview import NothingToPreview, preview_of
from newsletter.trial import NoTrial, send_trial
from newsletter.typical import TOPIC, TypicalReader, typical_readers
from staff.policies import shows_mail
from subscribers.forms.start import is_row
from subscribers.models import Subscriber
from subscribers.preferences import Preferences

STYLES = re.compile(r"(<style\b[^>]*>)(.*?)(</style>)", re.DOTALL)
IN_DARK = "(prefers-color-scheme: dark)"
LIGHT_AND_DARK = "light dark"
HEAD = "<head>"


class Screen(StrEnum):
    PHONE = "phone"
    DESK = "desk"


class Light(StrEnum):
    LIGHT = "light"
    DARK = "dark"


class Form(StrEnum):
    HTML = "html"
    TEXT = "text"


@dataclass(frozen=True)
class Asked:
    """What to show: whose digest, by `whom` and for "reader" by number, on which screen, in which light and form."""

    whom: str = "plain"
    number: str = ""
    screen: Screen = Screen.PHONE
    light: Light = Light.LIGHT
    form: Form = Form.HTML

    @classmethod
    def of(cls, query: QueryDict) -> "Asked":
        """Read what a link or form says; what is none of our words is as if it were not there."""

        def one_of(kind: type[StrEnum], name: str) -> Any:
            known = {member.value: member for member in kind}
            return known.get(query.get(name, ""), next(iter(kind)))

        return cls(
            whom=query.get("whom") or "plain",
            number=query.get("number", "").strip(),
            screen=one_of(Screen, "screen"),
            light=one_of(Light, "light"),
            form=one_of(Form, "form"),
        )

    @property
    def query(self) -> dict[str, str]:
        return {name: str(value) for name, value in asdict(self).items() if value}

    @cached_property
    def reader(self) -> Subscriber | Preferences:
        """Raises NothingToPreview when nobody is meant."""
        if self.whom == "reader":
            return _reader(self.number)
        topic = self.whom.removeprefix(TOPIC)
        is_typical = topic != self.whom and is_row(topic)
        return TypicalReader(int(topic), "").preferences if is_typical else Preferences()


def urls(admin: EditionPage) -> list[URLPattern]:
    return [
        address(admin, "<int:edition_id>/preview/", show_preview, "preview"),
        address(admin, "<int:edition_id>/preview/mail/", shows_mail(show_mail), "preview_mail"),
        address(admin, "<int:edition_id>/preview/send/", send_to_me, "preview_send"),
    ]


@require_safe
def show_preview(request: HttpRequest, edition_id: int, admin: EditionPage) -> HttpResponse:
    edition = edition_at(admin, request, edition_id)
    asked = Asked.of(request.GET)
    context = {
        **admin.admin_site.each_context(request),
        "title": f"Preview: {edition.kind} edition, {edition.about.name}",
        "opts": admin.opts,
        "edition": edition,
        "asked": asked,
        "typical": typical_readers(edition),
        "switches": _switches(edition, asked),
        "may_send": request.user.has_perm("newsletter.change_edition"),
        **_shown(request, edition, asked),
    }
    return TemplateResponse(request, "admin/newsletter/preview.html", context)


@require_safe
def show_mail(request: HttpRequest, edition_id: int, admin: EditionPage) -> HttpResponse:
    """The HTML of the mail itself, for a frame."""
    edition = edition_at(admin, request, edition_id)
    asked = Asked.of(request.GET)
    try:
        return HttpResponse(in_light(_digest(request, edition, asked).html, asked.light))
    except NothingToPreview as err:
        return HttpResponse(str(err), content_type="text/plain; charset=utf-8", status=404)


@require_POST
def send_to_me(request: HttpRequest, edition_id: int, admin: EditionPage) -> HttpResponse:
    """Send what is shown to the address of who asks, and to no other."""
    require(request, "newsletter.change_edition")
    edition = edition_at(admin, request, edition_id)
    asked = Asked.of(request.POST)
    try:
        digest = _digest(request, edition, asked)
        send_trial(digest, getattr(request.user, "email", ""), request.user.pk or 0, timezone.now)
    except (NothingToPreview, NoTrial) as err:
        messages.error(request, str(err))
    else:
        admin.log_change(request, edition, f"Sent a test to user {request.user.pk}")
        messages.success(request, "The test is on its way to the address of your account.")
    return redirect(_url(edition, asked))


def _digest(request: HttpRequest, edition: Edition, asked: Asked) -> JoinedBody:
    """Return what was asked for, without a reader's own words for who may not see readers. Raises NothingToPreview."""
    may_know = request.user.has_perm("subscribers.view_subscriber")
    return preview_of(edition, asked.reader, is_discreet=not may_know)


def _shown(request: HttpRequest, edition: Edition, asked: Asked) -> dict[str, Any]:
    """The mail and what is told beside it, or why there is none."""
    try:
        digest = _digest(request, edition, asked)
    except NothingToPreview as err:
        return {"why_not": str(err)}
    return {
        "digest": digest,
        "preheader": digest.said["preheader"],
        "kilobytes": _size(digest, asked.form) / 1000,
        "mail_url": reverse("admin:newsletter_edition_preview_mail", args=[edition.pk], query=asked.query),
    }


def _size(digest: JoinedBody, form: Form) -> int:
    return len((digest.html if form == Form.HTML else digest.text).encode())


def _reader(number: str) -> Subscriber:
    reader = Subscriber.objects.filter(pk=int(number)).first() if is_row(number) else None
    if reader is None:
        raise NothingToPreview("There is no reader with this number." if number else "Which reader? Give a number.")
    return reader


# --- Screens and light ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Choice:
    """One position of a switch, and where it leads."""

    label: str
    url: str
    is_current: bool


def _switches(edition: Edition, asked: Asked) -> dict[str, list[Choice]]:
    """Each thing that can be shown in two ways, by what it is called; text has neither width nor light."""
    kinds: dict[str, tuple[str, type[StrEnum]]] = {"Form": ("form", Form)}
    if asked.form == Form.HTML:
        kinds |= {"Screen": ("screen", Screen), "Light": ("light", Light)}
    return {label: [_choice(edition, asked, name, value) for value in kind] for label, (name, kind) in kinds.items()}


def _choice(edition: Edition, asked: Asked, name: str, value: StrEnum) -> Choice:
    changed: dict[str, Any] = {name: value}
    label = "HTML" if value == Form.HTML else value.capitalize()
    return Choice(label, _url(edition, replace(asked, **changed)), is_current=getattr(asked, name) == value)


def _url(edition: Edition, asked: Asked) -> str:
    return reverse("admin:newsletter_edition_preview", args=[edition.pk], query=asked.query)


def in_light(html: str, light: Light) -> str:
    """Return a mail as it looks in this light, whatever light the screen is in; its links open beside the page."""
    condition = "all" if light == Light.DARK else "not all"

    def settle(style: re.Match[str]) -> str:
        rules = (
            style[2].replace(IN_DARK, condition).replace(f"color-scheme: {LIGHT_AND_DARK}", f"color-scheme: {light}")
        )
        return f"{style[1]}{rules}{style[3]}"

    html = html.replace(f'content="{LIGHT_AND_DARK}"', f'content="{light}"')
    return STYLES.sub(settle, html).replace(HEAD, f'{HEAD}<base target="_blank">', 1)
