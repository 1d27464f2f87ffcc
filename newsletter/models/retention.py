"""What was removed, and when."""

from django.db import models


class RetentionRun(models.Model):
    """What was removed because it had been kept for long enough."""

    ran_at = models.DateTimeField()
    removed = models.JSONField(default=dict, help_text="How many of what.")

    class Meta:
        ordering = ["-ran_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.ran_at:%Y-%m-%d %H:%M}: {sum(self.removed.values())} removed"
