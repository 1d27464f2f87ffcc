"""What `manage.py check --deploy` says of mail."""

from collections.abc import Sequence
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004  Django's name for it


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
