"""News for whoever stands above this app. Sent after commit, with the reader's id."""

from django.dispatch import Signal

# Argument: subscriber_id.
confirmed = Signal()
preferences_changed = Signal()
