"""The moment at which everything is measured."""

from datetime import UTC, datetime

AT = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
READ_AT = AT.replace(hour=8)
