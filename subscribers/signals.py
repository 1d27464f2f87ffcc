"""News for whoever stands above this app. Sent after commit."""

from django.dispatch import Signal

# Argument: subscriber_id.
confirmed = Signal()
preferences_changed = Signal()

# A letter was refused since there is no such mailbox. Arguments: reference, as its message has it; detail; at.
letter_refused = Signal()

# A question rather than news, asked before a letter about a quiet day leaves: whether it is overtaken by now.
# Arguments: letter, at. Answer: bool.
is_quiet_day_overtaken = Signal()
