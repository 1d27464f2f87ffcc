"""States and times as the admin shows them."""

from datetime import timedelta


def short(label: str) -> str:
    """Return the name of a state without what it means."""
    return label.partition(":")[0]


def until(left: timedelta) -> str:
    """Return how long it is until something, such as "in 3 h 12 min"."""
    minutes = int(left.total_seconds() // 60)
    if minutes < 1:
        return "any moment"
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"in {days} day{'s' if days > 1 else ''} {hours} h"
    return f"in {hours} h {minutes % 60} min" if hours else f"in {minutes} min"
