"""What an operator sees of the readers: one module for each kind of page."""

from subscribers.admin.readers import SubscriberAdmin
from subscribers.admin.staff import GroupAdmin, UserAdmin
from subscribers.admin.suppressions import SuppressionAdmin

__all__ = ["GroupAdmin", "SubscriberAdmin", "SuppressionAdmin", "UserAdmin"]
