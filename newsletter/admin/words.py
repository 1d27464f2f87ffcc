"""States as the admin shows them."""


def short(label: str) -> str:
    """Return the name of a state without what it means."""
    return label.partition(":")[0]
