"""Who is asking, behind however many proxies."""

from django.conf import settings
from django.http import HttpRequest

from subscribers.abuse import Caller, caller_at


def caller_of(request: HttpRequest) -> Caller:
    """Return where a request comes from: what the outermost of our own proxies saw, and nothing that a caller says."""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    if settings.PROXIES and hops[0]:
        return caller_at(hops[-min(settings.PROXIES, len(hops))])
    return caller_at(request.META.get("REMOTE_ADDR", ""))
