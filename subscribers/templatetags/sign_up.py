from typing import Any

from django import template
from django.utils import timezone

from subscribers.abuse import make_kept_stamp
from subscribers.forms.sign_up import SignUpForm

register = template.Library()


@register.inclusion_tag("subscribers/sign_up_form.html", takes_context=True)
def sign_up_form(context: template.Context, form: SignUpForm | None = None) -> dict[str, Any]:
    """The banner with the sign-up form, for any page; `form` when it was filled in before."""
    return {"form": form or SignUpForm(), "stamp": make_kept_stamp(timezone.now()), "page": _page(context)}


def _page(context: template.Context) -> str:
    """The path of the page, for the record; of one that opens by a token nothing, since that is the reader's."""
    request = context.get("request")
    if request is None or request.resolver_match is None or "token" in request.resolver_match.kwargs:
        return ""
    return str(request.path)[:200]
