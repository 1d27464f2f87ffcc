"""What is seen of readers, and of what they follow: one module for each kind of page."""

from subscribers.admin.suppressions import SuppressionAdmin
from subscribers.admin.topics import TopicAdmin

__all__ = ["SuppressionAdmin", "TopicAdmin"]
