"""Numbers of the pages about taste and points, in few digits."""

from django import template

register = template.Library()


@register.filter
def hundredths(value: float) -> str:
    """Return a share or a likeness in hundredths."""
    return _rounded(100 * value, 1)


@register.filter
def signed(value: float) -> str:
    """Return points with their sign; nothing is neither more nor less."""
    rounded = _rounded(value, 2)
    return rounded if rounded.startswith("−") or rounded == "0.00" else f"+{rounded}"


@register.filter
def points(value: float) -> str:
    return _rounded(value, 2)


@register.filter
def size(value: float) -> str:
    """Return how much it is, be it more or less than nothing."""
    return _rounded(abs(value), 2)


@register.filter
def taken_off(value: float) -> float:
    """Return what is taken off as what is added."""
    return -value


def _rounded(value: float, digits: int) -> str:
    # There is no "−0.0", and a minus is as wide as a plus.
    return f"{round(value, digits) + 0:.{digits}f}".replace("-", "−")
