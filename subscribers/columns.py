"""What the columns of a file of readers mean: from cells to values, and back."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from papers.models import Topic
from papers.text import collapse_lines
from subscribers.addresses import AddressRefused, clean_address, is_disposable
from subscribers.models import MAX_SIZE, MAX_TEXT, MIN_SIZE, TIME_ZONES, Subscriber
from subscribers.tables import FileUnreadable, Row, restored

# Under which names a column is known, besides its own; case and punctuation do not matter.
ALIASES = {
    "email": ["e mail", "email address", "e mail address", "mail"],
    "topics": ["topic"],
    "interests": ["interest"],
    "followed_authors": ["authors", "author"],
    "muted_words": ["muted", "mute"],
    "cadence": ["frequency"],
    "weekday": ["day"],
    "hour": [],
    "time_zone": ["timezone", "tz"],
    "size": ["papers a digest", "papers per digest"],
    "hears_of_quiet_days": ["quiet days"],
    "status": [],
}
# What other services call somebody who gets mail.
ACTIVE = {"", "active", "confirmed", "enabled", "subscribed"}
# What no name of a column looks like.
ADDRESS = re.compile(r"\S[@＠]\S")
YES_OR_NO = {"yes": True, "no": False, "true": True, "false": False, "1": True, "0": False}
WEEKDAYS = {name: day for day in Subscriber.Weekday for name in (day.label.lower(), day.label[:3].lower())}


class RowRefused(ValueError):
    """A row that is wrong: `reason` is one of a few, the details are the row's own."""

    def __init__(self, reason: str, details: str = "") -> None:
        super().__init__(f"{reason}: {details}" if details else reason)
        self.reason = reason


class NotActive(Exception):
    """Somebody who gets no mail where the file comes from."""


@dataclass(frozen=True)
class NewReader:
    """A row that is right. What the file does not say is left to the model's defaults."""

    email: str
    values: dict[str, Any]
    topic_ids: frozenset[int]

    @property
    def key(self) -> str:
        return self.email.lower()


def map_columns(headers: Sequence[str], chosen: Mapping[str, str]) -> dict[str, int]:
    """Return where each column we know stands: under the header that is `chosen` for it, else under a known name.

    An empty choice leaves a column out. Raises FileUnreadable when it is not clear which is which, or when the first
    row holds a reader: what is in there is told nowhere.
    """
    if any(map(ADDRESS.search, headers)):
        raise FileUnreadable("Its first row must name the columns; it seems to hold a reader.")
    places: dict[str, int] = {}
    for name, aliases in ALIASES.items():
        known = [chosen[name]] if name in chosen else [name, *aliases]
        found = _find(headers, known) if any(known) else []
        if len(found) > 1:
            raise FileUnreadable(f"Several columns could be the {name}: choose one by its header.", headers)
        if chosen.get(name) and not found:
            raise FileUnreadable(f"No column is called {chosen[name]}. {_listed(headers)}", headers)
        if found:
            places[name] = found[0]
    if "email" not in places:
        raise FileUnreadable(f"No column is called email. {_listed(headers)}", headers)
    return places


def has_addresses(headers: Sequence[str], chosen: Mapping[str, str]) -> bool:
    """Return whether one of the headers is that of the addresses."""
    return bool(_find(headers, [chosen["email"]] if "email" in chosen else ["email", *ALIASES["email"]]))


def _find(headers: Sequence[str], names: Sequence[str]) -> list[int]:
    known = {_folded(name) for name in names}
    return [place for place, header in enumerate(headers) if _folded(header) in known]


def _listed(headers: Sequence[str]) -> str:
    names = ", ".join(header[:40] or "(no name)" for header in headers[:20])
    return f"The columns are: {names}{', …' if len(headers) > 20 else ''}."


def _folded(header: str) -> str:
    return re.sub(r"[\W_]+", " ", header.casefold()).strip()


class RowReader:
    """Makes readers of rows whose columns stand at `places`."""

    def __init__(self, places: Mapping[str, int], width: int) -> None:
        self._places = places
        self._width = width
        topics = list(Topic.objects.values_list("pk", "slug", "name"))
        self._topics = {name.casefold(): pk for pk, *names in topics for name in names}

    def read(self, row: Row) -> NewReader:
        """Return the reader in `row`. Raises RowRefused when anything is wrong with it, and NotActive."""
        if row.problem:
            raise RowRefused(f"The row {row.problem}")
        if any(cell.strip() for cell in row.cells[self._width :]):
            raise RowRefused("The row has more cells than the first one")
        cells = {name: restored(cell).strip() for name, cell in self._cells(row)}
        if cells.pop("status", "").casefold() not in ACTIVE:
            raise NotActive
        email = read_address(cells.pop("email", ""))
        topic_ids = self._read_topics(cells.pop("topics", ""))
        values = {name: READERS[name](cell) for name, cell in cells.items() if cell}
        return NewReader(email, values, topic_ids)

    def _cells(self, row: Row) -> list[tuple[str, str]]:
        return [(name, row.cells[place]) for name, place in self._places.items() if place < len(row.cells)]

    def _read_topics(self, cell: str) -> frozenset[int]:
        names = [name.strip() for name in re.split(r"[,;|\n]", cell)]
        unknown = [name for name in names if name and name.casefold() not in self._topics]
        if unknown:
            raise RowRefused("topics: there is no such topic", unknown[0][:100])
        return frozenset(self._topics[name.casefold()] for name in names if name)


def read_address(cell: str) -> str:
    """Return the address in `cell`. Raises RowRefused."""
    if not cell:
        raise RowRefused("email: there is none")
    try:
        address = clean_address(cell)
    except AddressRefused as err:
        raise RowRefused("email: not an address", str(err)) from err
    if is_disposable(address):
        raise RowRefused("email: of a service whose mailboxes live for minutes")
    return address


def _read_text(name: str) -> Callable[[str], str]:
    def read(cell: str) -> str:
        text = collapse_lines(cell)
        if len(text) > MAX_TEXT:
            raise RowRefused(f"{name}: longer than {MAX_TEXT:,} characters")
        return text

    return read


def _read_hour(cell: str) -> int:
    match = re.fullmatch(r"([0-9]{1,2})(:00){0,2}", cell)
    if match is None or int(match[1]) > 23:
        raise RowRefused("hour: not a full hour from 0 to 23", cell[:100])
    return int(match[1])


def _read_size(cell: str) -> int:
    if re.fullmatch(r"[0-9]{1,2}", cell) is None or not MIN_SIZE <= int(cell) <= MAX_SIZE:
        raise RowRefused(f"size: not a number from {MIN_SIZE} to {MAX_SIZE}", cell[:100])
    return int(cell)


def _read_weekday(cell: str) -> int:
    if cell.casefold() not in WEEKDAYS:
        raise RowRefused("weekday: not a day such as Monday", cell[:100])
    return WEEKDAYS[cell.casefold()]


def _read_cadence(cell: str) -> str:
    if cell.casefold() not in Subscriber.Cadence.values:
        raise RowRefused(f"cadence: none of {', '.join(Subscriber.Cadence.values)}", cell[:100])
    return cell.casefold()


def _read_yes_or_no(cell: str) -> bool:
    if cell.casefold() not in YES_OR_NO:
        raise RowRefused("hears_of_quiet_days: neither yes nor no", cell[:100])
    return YES_OR_NO[cell.casefold()]


def _read_time_zone(cell: str) -> str:
    if cell not in TIME_ZONES:
        raise RowRefused("time_zone: not a time zone such as Europe/Vienna", cell[:100])
    return cell


READERS: dict[str, Callable[[str], Any]] = {
    "interests": _read_text("interests"),
    "followed_authors": _read_text("followed_authors"),
    "muted_words": _read_text("muted_words"),
    "cadence": _read_cadence,
    "weekday": _read_weekday,
    "hour": _read_hour,
    "time_zone": _read_time_zone,
    "size": _read_size,
    "hears_of_quiet_days": _read_yes_or_no,
}

DATES = ["created_at", "confirmed_at", "unsubscribed_at"]
# What an export has, in order: an import of it finds everything but the dates.
COLUMNS = [*ALIASES, *DATES]


def cells_of(reader: Subscriber) -> list[str]:
    """Return what COLUMNS say of a reader. For many readers prefetch `topics`."""
    topics = ", ".join(topic.slug for topic in reader.topics.all())
    dates = [getattr(reader, name) for name in DATES]
    own = [getattr(reader, name) for name in ("interests", "followed_authors", "muted_words", "cadence")]
    when = [reader.get_weekday_display(), str(reader.hour), reader.time_zone, str(reader.size)]
    rest = ["yes" if reader.hears_of_quiet_days else "no", reader.status]
    return [reader.email, topics, *own, *when, *rest, *(at.isoformat() if at else "" for at in dates)]
