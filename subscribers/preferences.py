"""What a reader wants, and the news that it changed."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from papers.models import Topic
from subscribers import signals
from subscribers.models import Subscriber


def save_preferences(reader: Subscriber, topics: Iterable[Topic], at: datetime) -> None:
    """Store the preferences set on `reader`, and `topics` in place of those followed so far."""
    with transaction.atomic():
        reader.preferences_changed_at = at
        reader.save(update_fields=["interests", "muted_words", "size", "hour", "time_zone", "preferences_changed_at"])
        reader.topics.set(topics)
        transaction.on_commit(
            lambda: signals.preferences_changed.send(Subscriber, subscriber_id=reader.pk), robust=True
        )
