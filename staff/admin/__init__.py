"""What owners see of the house: one module for each kind of page."""

from staff.admin.history import LogEntryAdmin
from staff.admin.people import GroupAdmin, UserAdmin

__all__ = ["GroupAdmin", "LogEntryAdmin", "UserAdmin"]
