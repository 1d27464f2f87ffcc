"""What clocks and calendars show where a reader is."""

import logging
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from subscribers.models import Subscriber

logger = logging.getLogger(__name__)


def zone_of(reader: Subscriber) -> str:
    """Return the reader's time zone; UTC for one that another machine knew and this one does not."""
    try:
        ZoneInfo(reader.time_zone)
    except ZoneInfoNotFoundError:
        logger.exception("Reader %s is in a time zone that this machine does not know; UTC is taken", reader.pk)
        return "UTC"
    return reader.time_zone


def today_of(reader: Subscriber, at: datetime) -> date:
    """Return the date where `reader` is."""
    return at.astimezone(ZoneInfo(zone_of(reader))).date()
