"""Who reads, and what they want: one module for each thing that is kept together."""

from subscribers.models.imports import ImportBatch
from subscribers.models.readers import (
    DEFAULT_HOUR,
    DEFAULT_SIZE,
    LONGEST_PAUSE,
    MAX_SIZE,
    MAX_TEXT,
    MIN_SIZE,
    TIME_ZONES,
    AddressChange,
    ConsentEvent,
    Feedback,
    Subscriber,
    WantedPaper,
    new_nonce,
    split_phrases,
    validate_time_zone,
)
from subscribers.models.signing_up import Letter, Mailbox, SignUp, UsedChallenge
from subscribers.models.suppression import Suppression

__all__ = [
    "DEFAULT_HOUR",
    "DEFAULT_SIZE",
    "LONGEST_PAUSE",
    "MAX_SIZE",
    "MAX_TEXT",
    "MIN_SIZE",
    "TIME_ZONES",
    "AddressChange",
    "ConsentEvent",
    "Feedback",
    "ImportBatch",
    "Letter",
    "Mailbox",
    "SignUp",
    "Subscriber",
    "Suppression",
    "UsedChallenge",
    "WantedPaper",
    "new_nonce",
    "split_phrases",
    "validate_time_zone",
]
