"""What an operator must know of, told once."""

import logging
from datetime import datetime

from django.db import IntegrityError, transaction

from newsletter.models import Alert, Edition

logger = logging.getLogger(__name__)


def raise_alert(kind: Alert.Kind, text: str, at: datetime, *, edition: Edition | None = None, about: str = "") -> bool:
    """Note what needs a hand, unless it is noted and stands; return whether it is new. `text` holds no address."""
    try:
        with transaction.atomic():
            Alert.objects.create(kind=kind, about=about, edition=edition, text=text[:300], raised_at=at)
    except IntegrityError:
        return False
    logger.error("%s: %s", kind.label, text)
    return True
