"""What the pages, feeds and answers about editions have in common."""

from django.urls import reverse

from newsletter.models import Edition
from papers.finding import NotFound


def closed_edition(period: str) -> Edition:
    """Return the edition of `period`. Raises NotFound when there is none that everybody may see."""
    edition = Edition.objects.archive().filter(period=period).first()
    if edition is None:
        raise NotFound(f"No edition of {period} has gone out.", ("All editions", reverse("editions")))
    return edition
