"""Whether the service is alive: who works off the queues, what was read and sent last, what needs a hand."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from mail import throttle
from newsletter.dashboard.reading import SourceHealth, sources_health
from newsletter.heartbeats import SILENT_AFTER, queues
from newsletter.models import Alert, Edition, Heartbeat
from newsletter.watching import overdue_editions
from subscribers.models import Subscriber


@dataclass(frozen=True)
class Beat:
    """When a queue was last worked off; None when it never was."""

    queue: str
    beat_at: datetime | None
    at: datetime

    @property
    def is_silent(self) -> bool:
        return self.beat_at is not None and self.beat_at < self.at - SILENT_AFTER


@dataclass(frozen=True)
class Pulse:
    """What is known at a moment. Nothing of it is personal."""

    alerts: list[Alert]
    overdue: list[Edition]
    stopped_at: datetime | None
    beats: list[Beat]
    sources: list[SourceHealth]
    last_edition: Edition | None
    has_readers: bool
    at: datetime

    @property
    def silent(self) -> list[Beat]:
        """The queues that fell silent and of which no alert tells yet."""
        told = {alert.about for alert in self.alerts if alert.kind == Alert.Kind.SILENT}
        return [beat for beat in self.beats if beat.is_silent and beat.queue not in told]

    @property
    def last_ingest(self) -> SourceHealth | None:
        """The source that gave something last; one paper that was looked up alone is no ingest."""
        read = [source for source in self.sources if source.last_good_at]
        return max(read, key=lambda source: source.last_good_at or self.at, default=None)

    @property
    def dry(self) -> list[SourceHealth]:
        """The sources that give nothing; none where nothing was ever read, which the first steps are about."""
        return [source for source in self.sources if source.gives_nothing] if self.last_ingest else []

    @property
    def needs_a_hand(self) -> bool:
        late = self.overdue or self.silent or self.dry or self.is_edition_old
        return bool(self.alerts or late or self.stopped_at)

    @property
    def is_new(self) -> bool:
        """Whether no edition has ever closed here."""
        return self.last_edition is None

    @property
    def has_never_beaten(self) -> bool:
        """Whether no worker was ever seen: none runs, or `tick` does the work."""
        return all(beat.beat_at is None for beat in self.beats)

    @property
    def is_edition_old(self) -> bool:
        """Whether the last edition is not news any more: weekends and holidays are shorter than that."""
        last = self.last_edition
        too_old = self.at - settings.NEWSLETTER_EDITION_MAX_AGE
        return bool(last and last.closing_at and last.closing_at < too_old)


def pulse(at: datetime) -> Pulse:
    """Return how the service is at `at`. What is late is looked for here too: nobody may be there to raise an alert."""
    beats = dict(Heartbeat.objects.values_list("queue", "beat_at"))
    closed = Edition.objects.closed().filter(kind=Edition.Kind.DAILY)
    told = list(Alert.objects.standing().select_related("edition").defer("edition__fragments"))
    about = {alert.edition_id for alert in told if alert.kind == Alert.Kind.OVERDUE}
    return Pulse(
        alerts=told,
        overdue=[edition for edition in overdue_editions(at) if edition.pk not in about],
        stopped_at=throttle.stopped().values_list("stopped_at", flat=True).first(),
        beats=[Beat(queue, beats.get(queue), at) for queue in queues()],
        sources=sources_health(at),
        last_edition=closed.defer("fragments").order_by("-closes_at").first(),
        has_readers=Subscriber.objects.active().exists(),
        at=at,
    )
