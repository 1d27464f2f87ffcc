"""What `manage.py check --deploy` says of mail. docs/operations.md tells what each id means."""

from collections.abc import Sequence
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004  Django's name for it

# A street, a place and a country take more; a name alone takes less.
SHORTEST_POSTAL_ADDRESS = 12
OUTBOX = "outbox"


@register(Tags.security, deploy=True)
def check_senders(**_: Any) -> Sequence[CheckMessage]:
    """Warn when digests and confirmations come from one address."""
    digests, letters = (parseaddr(sender)[1] for sender in (settings.NEWSLETTER_FROM, settings.SUBSCRIBERS_FROM))
    if digests.casefold() != letters.casefold():
        return []
    return [
        Warning(
            "Digests and confirmations come from the same address.",
            hint="Set SUBSCRIBERS_FROM to another address of the same domain, such as hello@ beside digest@. Google "
            "asks for it: who blocks the digest, or calls it spam, would lose the mail about the subscription too.",
            id="mail.W001",
        )
    ]


@register(Tags.security, deploy=True)
def check_postal_address(**_: Any) -> Sequence[CheckMessage]:
    """Warn when mails do not say where their sender lives."""
    address = settings.POSTAL_ADDRESS
    if len(address) >= SHORTEST_POSTAL_ADDRESS and "set POSTAL_ADDRESS" not in address:
        return []
    hint = "Set POSTAL_ADDRESS to where letters reach you; it stands at the foot of every mail."
    return [Warning("No mail says where it comes from, which most countries ask for.", hint=hint, id="mail.W002")]


@register(Tags.security, deploy=True)
def check_limits(**_: Any) -> Sequence[CheckMessage]:
    """Warn when a real provider is given as much as it takes."""
    is_limited = settings.MAIL_PER_SECOND or settings.MAIL_PER_HOUR or settings.MAIL_PER_DAY
    if settings.MAIL_PROVIDER == OUTBOX or is_limited:
        return []
    hint = "Set MAIL_PER_SECOND, MAIL_PER_HOUR or MAIL_PER_DAY to what your provider allows, and to less for a new one."
    return [Warning("Mail leaves as fast as it can.", hint=hint, id="mail.W003")]


@register(Tags.security, deploy=True)
def check_links(**_: Any) -> Sequence[CheckMessage]:
    """Warn when mails that really leave have links that lead nowhere."""
    host = urlsplit(settings.SITE_URL).hostname or ""
    if settings.MAIL_PROVIDER == OUTBOX or not _is_here_only(host):
        return []
    hint = "Set SITE_URL to the address at which readers reach the site."
    return [Warning("Links in mails lead to the reader's own machine.", hint=hint, id="mail.W004")]


@register(Tags.security, deploy=True)
def check_sending_domain(**_: Any) -> Sequence[CheckMessage]:
    """Warn when mails that really leave come from a domain that does not exist."""
    domains = {
        parseaddr(sender)[1].rpartition("@")[2].casefold()
        for sender in (settings.NEWSLETTER_FROM, settings.SUBSCRIBERS_FROM)
    }
    if settings.MAIL_PROVIDER == OUTBOX or not any(_is_here_only(domain) for domain in domains):
        return []
    hint = "Set NEWSLETTER_FROM and SUBSCRIBERS_FROM to addresses of a domain of yours, with SPF, DKIM and DMARC."
    return [Warning("Mails come from an address that does not exist.", hint=hint, id="mail.W005")]


def _is_here_only(host: str) -> bool:
    return host in {"localhost", "127.0.0.1", "::1"} or host.endswith((".localhost", ".local"))
