"""What an operator sees of the readers: one module for each kind of page."""

from subscribers.admin.suppressions import SuppressionAdmin

__all__ = ["SuppressionAdmin"]
