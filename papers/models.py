"""What is worth reading: papers, the attention they get, and what it adds up to. Knows no people."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TypedDict

from django.db import models
from django.db.models import Count, F, FilteredRelation, Max, Min, OrderBy, Q
from django.db.models.functions import Cast, Coalesce
from django.urls import reverse
from django_stubs_ext import WithAnnotations

from papers.summarising import first_sentences, name_authors, telling_sentences
from papers.trending import in_words


class PaperCount(TypedDict):
    paper_count: int


class TopicQuerySet(models.QuerySet["Topic"]):
    def with_paper_counts(self) -> models.QuerySet[WithAnnotations[Topic, PaperCount]]:
        """Each with `paper_count`: how many papers of it the site shows."""
        # Counted all and taken off: of a hundred thousand papers each would have to be looked at, the hidden are few.
        hidden = Paper.objects.filter(is_hidden=True).values("pk")
        shown = Count("papers") - Count("papers", filter=Q(papers__in=hidden))
        return self.annotate(paper_count=shown)  # type: ignore[return-value]  # the same, but the plugin has no name


class Topic(models.Model):
    """What a reader can follow: an arXiv category, or a curated set of terms."""

    class Kind(models.TextChoices):
        CATEGORY = "category", "arXiv category"
        KEYWORDS = "keywords", "Curated keywords"

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=Kind)
    terms = models.JSONField(
        default=list,
        blank=True,
        help_text="Phrases; a new paper that has one in its title or keywords is in the topic.",
    )

    objects = TopicQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("topic", args=[self.slug])

    def count_visible_papers(self) -> int:
        """How many papers of it the site shows: all without the few that are hidden, so that none is looked at."""
        papers = Paper.topics.through._default_manager.filter(topic=self)
        hidden = Paper.objects.filter(is_hidden=True).values("pk")
        return papers.count() - papers.filter(paper__in=hidden).count()


class PaperQuerySet(models.QuerySet["Paper"]):
    def visible(self) -> PaperQuerySet:
        """What the site and the editions may show."""
        return self.filter(is_hidden=False)

    def newest_first(self) -> PaperQuerySet:
        """By the day a paper was listed, else published, else first heard of; then the last heard of, ties by key."""
        return self.order_by(*_newest())

    def trending_first(self, window: str, day: date | None) -> PaperQuerySet:
        """The papers of the list of `day` first, best first; then the newest; ties by key."""
        on_list = FilteredRelation("scores", condition=Q(scores__window=window, scores__day=day))
        return self.alias(on_list=on_list).order_by(F("on_list__score").desc(nulls_last=True), *_newest())


def _newest() -> tuple[OrderBy, OrderBy, str]:
    # A cast, since TruncDate is to SQLite a function of Python, called for each row. Both databases hold UTC.
    heard_of_on = Cast("created_at", models.DateField())
    return Coalesce("listed_on", "published_on", heard_of_on).desc(), F("created_at").desc(), "key"


class Paper(models.Model):
    """A work. Ids and dates may be unknown, and are never guessed."""

    # The best id known: grows from title to DOI to arXiv id as sources tell more; see papers.matching.
    key = models.CharField(max_length=120, unique=True, editable=False)
    title_hash = models.CharField(max_length=32, editable=False, db_index=True)
    title = models.CharField(max_length=500)
    authors = models.JSONField(default=list, blank=True)
    abstract = models.TextField(blank=True)
    summary = models.TextField(blank=True)
    keywords = models.JSONField(default=list, blank=True)
    arxiv_id = models.CharField("arXiv id", max_length=40, null=True, blank=True)
    doi = models.CharField("DOI", max_length=200, null=True, blank=True)
    published_on = models.DateField(null=True, blank=True)
    listed_on = models.DateField(null=True, blank=True, help_text="The day a source put it on its daily list.")
    github_url = models.URLField(max_length=500, blank=True)
    project_url = models.URLField(max_length=500, blank=True)
    topics = models.ManyToManyField(Topic, related_name="papers", blank=True)
    primary_category = models.CharField(max_length=20, blank=True, help_text="Where arXiv files it, such as cs.CL.")
    # The last count read of each kind of signal, such as {"upvotes": 84}, so that lists need not look them up.
    counts = models.JSONField(default=dict, blank=True, editable=False)
    is_sample = models.BooleanField("sample data", default=False, editable=False)
    # What an editor says. No source writes these.
    is_pinned = models.BooleanField("pinned", default=False, help_text="First on the home page.")
    is_hidden = models.BooleanField("hidden", default=False, help_text="Neither on the site nor in any edition.")
    editor_note = models.CharField(max_length=300, blank=True, help_text="Shown with the paper on the site.")
    # Names of facts that an editor corrected: sources leave them alone.
    edited_facts = models.JSONField(default=list, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PaperQuerySet.as_manager()

    class Meta:
        ordering = ["-listed_on", "key"]
        indexes = [
            # Papers of a listing day, and the latest listing day.
            models.Index(fields=["listed_on"], name="paper_listed_on"),
            # Papers in the admin, the latest first, and the titles that its search reads through: the rows are twenty
            # times as long.
            models.Index(fields=["-id", "title"], name="paper_list"),
            # The same work from two sources.
            models.Index(fields=["doi"], name="paper_doi", condition=models.Q(doi__isnull=False)),
            # The few that an editor pinned, for the front page; the few that are hidden, to leave them out of counts.
            models.Index(fields=["listed_on"], name="paper_pinned", condition=models.Q(is_pinned=True)),
            models.Index(fields=["listed_on"], name="paper_hidden", condition=models.Q(is_hidden=True)),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("paper", args=[self.pk])

    @property
    def news_since(self) -> datetime:
        """When it became news, as `newest_first` has it; midnight UTC where only the day is known."""
        if day := self.listed_on or self.published_on:
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        return self.created_at

    @property
    def source_url(self) -> str:
        """Where the paper itself is, or an empty string when no id is known."""
        if self.arxiv_id:
            return f"https://arxiv.org/abs/{self.arxiv_id}"
        return f"https://doi.org/{self.doi}" if self.doi else ""

    @property
    def short_authors(self) -> str:
        """The authors in one short phrase: all of up to three, else the first and how many more."""
        return name_authors(self.authors)

    @property
    def blurb(self) -> str:
        """One or two sentences: the first of the summary where there is one, else the most telling of the abstract."""
        return first_sentences(self.summary) or telling_sentences(self.abstract, self.title)


class Signal(models.Model):
    """One observation of attention. Append-only."""

    class Kind(models.TextChoices):
        UPVOTES = "upvotes"
        COMMENTS = "comments"
        STARS = "stars", "GitHub stars"
        CITATIONS = "citations"

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="signals")
    source = models.CharField(max_length=30)
    kind = models.CharField(max_length=10, choices=Kind)
    value = models.PositiveIntegerField()
    observed_at = models.DateTimeField()

    class Meta:
        ordering = ["observed_at", "id"]
        constraints = [
            # Reading the same answer twice adds nothing. Also serves "signals of a paper".
            models.UniqueConstraint(
                fields=["paper", "source", "kind", "observed_at"], name="one_signal_per_paper_source_kind_and_time"
            ),
        ]
        indexes = [
            # Scoring reads all signals of some months: from the index alone, in its order, not row by row.
            models.Index(fields=["observed_at", "paper", "kind", "source", "value"], name="signals_to_score"),
        ]

    def __str__(self) -> str:
        return f"{self.value} {self.kind}"


class TrendingScoreQuerySet(models.QuerySet["TrendingScore"]):
    def latest_day(self, window: str) -> date | None:
        """The last day that was scored."""
        return self.filter(window=window).order_by("-day").values_list("day", flat=True).first()

    def days_beside(self, window: str, day: date) -> tuple[date | None, date | None]:
        """The last scored day before `day`, and the first one after it."""
        days = self.filter(window=window)
        before = days.filter(day__lt=day).aggregate(found=Max("day"))["found"]
        return before, days.filter(day__gt=day).aggregate(found=Min("day"))["found"]

    def ranked(self, window: str, day: date) -> TrendingScoreQuerySet:
        """The visible papers of a day's list, best first, ties by key."""
        scores = self.filter(window=window, day=day, paper__is_hidden=False).select_related("paper")
        return scores.order_by("-score", "paper__key")


class TrendingScore(models.Model):
    """What the attention of a paper added up to in a window, at the end of a day, and the parts it is made of.

    The scores of today are replaced at each scoring; those of past days stay as they were.
    """

    class Window(models.TextChoices):
        DAY = "day"
        WEEK = "week"
        MONTH = "month"

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="scores")
    window = models.CharField(max_length=5, choices=Window)
    day = models.DateField()
    score = models.FloatField()
    parts = models.JSONField(default=list)
    version = models.CharField(max_length=10)
    scored_at = models.DateTimeField()

    objects = TrendingScoreQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["paper", "window", "day"], name="one_score_per_paper_window_and_day"),
        ]
        indexes = [
            # A day's list, best first; and the latest day of a window.
            models.Index(fields=["window", "day", "-score"], name="trending_list"),
        ]

    def __str__(self) -> str:
        return f"{self.score:.2f} ({self.window} to {self.day})"

    @property
    def in_words(self) -> str:
        """The parts as a reader sees them, such as "+84 upvotes since yesterday"."""
        return in_words(self.parts)


class SourceRun(models.Model):
    """One reading of a source: what was asked of it, what came back, and why when nothing did."""

    class Status(models.TextChoices):
        UNFINISHED = "unfinished", "Unfinished: being read, or the process died"
        READ = "read", "Read: answered as it should"
        EMPTY = "empty", "Empty: answered, and had no papers"
        STALE = "stale", "Stale: answered with an older list"
        FAILED = "failed", "Failed: could not be read"
        RESTING = "resting", "Resting: not asked, after too many failures"

    source = models.CharField(max_length=30)
    started_at = models.DateTimeField()
    # The slot it was due in; empty when somebody asked for it.
    due_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.UNFINISHED)
    asked = models.CharField("asked for", max_length=300, blank=True)
    received = models.PositiveIntegerField("rows received", default=0)
    created = models.PositiveIntegerField("new papers", default=0)
    updated = models.PositiveIntegerField("changed papers", default=0)
    unchanged = models.PositiveIntegerField("unchanged papers", default=0)
    signals = models.PositiveIntegerField("new signals", default=0)
    skipped = models.PositiveIntegerField("skipped rows", default=0)
    refused = models.PositiveIntegerField("refused rows", default=0)
    detail = models.CharField(max_length=500, blank=True, help_text="Why, in words.")
    # After a failure: the source is not asked before. Also kept when the source itself named a time.
    resume_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-started_at", "-id"]
        constraints = [
            # However many processes ask what is due.
            models.UniqueConstraint(fields=["source", "due_at"], name="one_due_run_per_source_and_slot"),
        ]
        indexes = [
            # The last runs of all, and of a source.
            models.Index(fields=["-started_at", "-id"], name="run_list"),
            models.Index(fields=["source", "-started_at"], name="runs_of_a_source"),
        ]

    def __str__(self) -> str:
        return f"{self.source} at {self.started_at:%Y-%m-%d %H:%M}"


class Pace(models.Model):
    """What one process does at a time, and when the next may: a service that wants to be asked slowly; scoring."""

    service = models.CharField(max_length=30, primary_key=True)
    free_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.service} from {self.free_at:%H:%M:%S}"


class Repository(models.Model):
    """A GitHub repository that papers link to: its last count of stars, and how to ask whether that changed."""

    name = models.CharField(max_length=140, unique=True, help_text="owner/name, in lower case")
    etag = models.CharField(max_length=120, blank=True)
    stars = models.PositiveIntegerField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "repositories"

    def __str__(self) -> str:
        return self.name


class SearchEntry(models.Model):
    """A paper as search sees it: words in one plain form, in the order of what they weigh; see papers.search_index.

    A full-text index of each database stands over this table; a migration makes it, the database itself keeps it.
    """

    paper = models.OneToOneField(Paper, on_delete=models.CASCADE, primary_key=True, related_name="search_entry")
    # Where it stands among papers that match alike: attention, then the paper. The index is read in this order.
    place = models.BigIntegerField(unique=True)
    title = models.TextField()
    acronym = models.CharField(max_length=40, blank=True)
    names = models.TextField(blank=True)
    body = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "search entries"

    def __str__(self) -> str:
        return self.title
