"""What the browser may do on pages that need more than the site's own policy allows; see settings for that one."""

from collections.abc import Callable
from typing import Any

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp, csp_replace
from django.conf import settings
from django.http import HttpResponseBase
from django.views.decorators.clickjacking import xframe_options_sameorigin

View = Callable[..., HttpResponseBase]


def for_admin(view: View) -> View:
    """Let the theme work: Alpine evaluates the attributes it finds, and elements carry styles of their own.

    Pages of the admin may show others of this site in frames.
    """
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"] | {
        "script-src": [SELF, UNSAFE_EVAL],
        "style-src": [SELF, UNSAFE_INLINE],
        "frame-src": [SELF],
    }
    return _view(csp(directives)(view))


def shows_mail(view: View) -> View:
    """For a page that is a mail as it goes out: styles stand in it, nothing runs, and pages of this site may frame it.

    Goes on the view that is handed to `admin_site.admin_view`.
    """
    # In place of what the admin around it may do.
    closed = ("default-src", "script-src", "frame-src", "img-src", "form-action")
    directives = {name: [NONE] for name in closed} | {"style-src": [UNSAFE_INLINE], "frame-ancestors": [SELF]}
    return xframe_options_sameorigin(_view(csp_replace(directives)(view)))


def _view(view: Any) -> View:
    """django-csp calls every view one that takes a request alone."""
    result: View = view
    return result
