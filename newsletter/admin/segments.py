"""Which readers the list shows: by what they follow, what they said, and what became of their digests.

Each is a question of its own about a reader, never a join: that would show one row for each digest.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import DropdownFilter

from newsletter.models import Delivery
from papers.models import Topic
from subscribers.models import Feedback, ImportBatch, Subscriber

Choices = list[tuple[str, str]]
Readers = QuerySet[Subscriber]

# Imports to choose from, the latest first.
IMPORTS_SHOWN = 30


class Segment(DropdownFilter, ABC):
    """A question with a few answers; an answer that is none of them finds everybody."""

    answers: Choices = []

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> Iterable[tuple[str, str]]:
        return self.answers

    def queryset(self, request: HttpRequest, queryset: Readers) -> Readers:
        wanted = self.value()
        return self.narrow(queryset, wanted) if wanted in {str(key) for key, _ in self.lookup_choices} else queryset

    @abstractmethod
    def narrow(self, readers: Readers, answer: str) -> Readers:
        """Those of `readers` whom this answer means."""


class TopicSegment(Segment):
    title = "topic"
    parameter_name = "topic"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> Iterable[tuple[str, str]]:
        return [(str(pk), name) for pk, name in Topic.objects.values_list("pk", "name")]

    def narrow(self, readers: Readers, answer: str) -> Readers:
        follows = Subscriber.topics.through._default_manager.filter(subscriber=OuterRef("pk"), topic=int(answer))
        return readers.filter(Exists(follows))


class SaidSegment(Segment):
    """Nobody is tracked: what somebody said of a paper is all there is to know of whether they read."""

    title = "what they said of papers"
    parameter_name = "said"
    answers = [
        ("30", "Something in the last 30 days"),
        ("silent", "Nothing in the last 90 days"),
        ("never", "Never anything"),
    ]

    def narrow(self, readers: Readers, answer: str) -> Readers:
        said = Feedback.objects.meant().filter(subscriber=OuterRef("pk"))
        match answer:
            case "30":
                return readers.filter(Exists(said.filter(at__gte=timezone.now() - timedelta(days=30))))
            case "silent":
                return readers.filter(~Exists(said.filter(at__gte=timezone.now() - timedelta(days=90))))
        return readers.filter(~Exists(said))


class DigestSegment(Segment):
    title = "their digests"
    parameter_name = "digests"
    answers = [
        ("7", "Got one in the last 7 days"),
        ("never", "Never got one"),
        ("bounced", "One came back"),
        ("paused", "Take a break"),
    ]

    def narrow(self, readers: Readers, answer: str) -> Readers:
        digests = Delivery.objects.filter(subscriber=OuterRef("pk"))
        got = digests.filter(status=Delivery.Status.ACCEPTED)
        match answer:
            case "7":
                return readers.filter(Exists(got.filter(due_at__gte=timezone.now() - timedelta(days=7))))
            case "never":
                return readers.filter(~Exists(got))
            case "bounced":
                return readers.filter(Exists(digests.filter(bounced_at__isnull=False)))
        return readers.filter(Q(paused_until__gt=timezone.now().date()))


class ImportSegment(Segment):
    title = "import"
    parameter_name = "import"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> Iterable[tuple[str, str]]:
        batches = ImportBatch.objects.values_list("pk", "provenance")[:IMPORTS_SHOWN]
        return [(str(pk), f"{pk}: {provenance[:40]}") for pk, provenance in batches]

    def narrow(self, readers: Readers, answer: str) -> Readers:
        return readers.filter(import_batch=int(answer))
