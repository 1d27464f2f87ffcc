"""What editors do with an edition before it goes out, and what an operator sees and does afterwards."""

from newsletter.admin import deliveries, editions, operating, readers, records

__all__ = ["deliveries", "editions", "operating", "readers", "records"]
