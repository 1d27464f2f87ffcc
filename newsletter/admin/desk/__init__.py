"""The desk: an edition on one page, as it will go out, and the small steps by which editors change it."""
