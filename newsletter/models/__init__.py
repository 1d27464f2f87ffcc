"""The edition and its way into inboxes: one module for each thing that is kept together."""

from newsletter.models.deliveries import Delivery, DeliveryQuerySet
from newsletter.models.editions import ON_PAGE, Edition, EditionEntry, EditionQuerySet
from newsletter.models.events import DeliveryEvent
from newsletter.models.operating import Alert, AlertQuerySet, Heartbeat
from newsletter.models.retention import RetentionRun

__all__ = [
    "ON_PAGE",
    "Alert",
    "AlertQuerySet",
    "Delivery",
    "DeliveryEvent",
    "DeliveryQuerySet",
    "Edition",
    "EditionEntry",
    "EditionQuerySet",
    "Heartbeat",
    "RetentionRun",
]
