"""What our system checks find, as tests ask for it."""

from newsletter.dashboard.misconfiguration import findings


def ids() -> list[str]:
    """The ids of what is to be mended."""
    return [str(finding.id) for finding in findings()]
