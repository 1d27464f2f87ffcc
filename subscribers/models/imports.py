"""Readers who came from elsewhere, a file at a time."""

from django.db import models


class ImportBatch(models.Model):
    """A file of readers that was taken in, and why we may write to them."""

    provenance = models.CharField(max_length=200, help_text="Where these people agreed to get our mail, and how.")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    # Rows of the file: made into readers; left alone, since the address is known or must not be mailed; wrong.
    created = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "import"
        ordering = ["-started_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(provenance=""), name="imports_say_where_from"),
        ]

    def __str__(self) -> str:
        return f"Import {self.pk}"
