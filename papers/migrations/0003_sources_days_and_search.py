import datetime
import hashlib

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F

from papers.text import normalise_title


def drop_scores(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    # Scores had no day; the next scoring makes them anew.
    apps.get_model("papers", "TrendingScore").objects.all().delete()


def tell_runs_apart(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    runs = apps.get_model("papers", "SourceRun").objects
    runs.filter(detail="").update(status="read", finished_at=F("started_at"))
    runs.exclude(detail__in=["", "did not finish"]).update(status="failed", finished_at=F("started_at"))
    runs.filter(detail="did not finish").update(detail="")


def fill_papers(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    paper_model, signal = apps.get_model("papers", "Paper"), apps.get_model("papers", "Signal")
    papers = paper_model.objects.in_bulk()
    for paper in papers.values():
        paper.title_hash = hashlib.sha256((normalise_title(paper.title) or paper.title).encode()).hexdigest()[:32]
    latest = signal.objects.order_by("observed_at", "id").values_list("paper_id", "kind", "value")
    for paper_id, kind, value in latest.iterator():
        papers[paper_id].counts[kind] = value
    paper_model.objects.bulk_update(papers.values(), ["title_hash", "counts"], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [
        ("papers", "0002_first_topics"),
    ]

    operations = [
        migrations.RunPython(drop_scores, migrations.RunPython.noop),
        migrations.CreateModel(
            name="Pace",
            fields=[
                ("service", models.CharField(max_length=30, primary_key=True, serialize=False)),
                ("free_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Repository",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(help_text="owner/name, in lower case", max_length=140, unique=True)),
                ("etag", models.CharField(blank=True, max_length=120)),
                ("stars", models.PositiveIntegerField(blank=True, null=True)),
                ("read_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name_plural": "repositories",
            },
        ),
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                (
                    "paper",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search_entry",
                        serialize=False,
                        to="papers.paper",
                    ),
                ),
                ("place", models.BigIntegerField(unique=True)),
                ("title", models.TextField()),
                ("acronym", models.CharField(blank=True, max_length=40)),
                ("names", models.TextField(blank=True)),
                ("body", models.TextField(blank=True)),
            ],
            options={
                "verbose_name_plural": "search entries",
            },
        ),
        migrations.RemoveConstraint(
            model_name="sourcerun",
            name="one_due_run_per_source_and_hour",
        ),
        migrations.RemoveConstraint(
            model_name="trendingscore",
            name="one_score_per_paper_and_window",
        ),
        migrations.RemoveIndex(
            model_name="trendingscore",
            name="trending_list",
        ),
        migrations.RenameField(model_name="sourcerun", old_name="error", new_name="detail"),
        migrations.AlterField(
            model_name="sourcerun",
            name="detail",
            field=models.CharField(blank=True, help_text="Why, in words.", max_length=500),
        ),
        migrations.AddField(
            model_name="paper",
            name="counts",
            field=models.JSONField(blank=True, default=dict, editable=False),
        ),
        migrations.AddField(
            model_name="paper",
            name="edited_facts",
            field=models.JSONField(blank=True, default=list, editable=False),
        ),
        migrations.AddField(
            model_name="paper",
            name="primary_category",
            field=models.CharField(blank=True, help_text="Where arXiv files it, such as cs.CL.", max_length=20),
        ),
        migrations.AddField(
            model_name="paper",
            name="title_hash",
            field=models.CharField(db_index=True, default="", editable=False, max_length=32),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="sourcerun",
            name="asked",
            field=models.CharField(blank=True, max_length=300, verbose_name="asked for"),
        ),
        migrations.AddField(
            model_name="sourcerun",
            name="finished_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="sourcerun",
            name="received",
            field=models.PositiveIntegerField(default=0, verbose_name="rows received"),
        ),
        migrations.AddField(
            model_name="sourcerun",
            name="skipped",
            field=models.PositiveIntegerField(default=0, verbose_name="skipped rows"),
        ),
        migrations.AddField(
            model_name="sourcerun",
            name="resume_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="sourcerun",
            name="status",
            field=models.CharField(
                choices=[
                    ("unfinished", "Unfinished: being read, or the process died"),
                    ("read", "Read: answered as it should"),
                    ("empty", "Empty: answered, and had no papers"),
                    ("stale", "Stale: answered with an older list"),
                    ("failed", "Failed: could not be read"),
                    ("resting", "Resting: not asked, after too many failures"),
                ],
                default="unfinished",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="trendingscore",
            name="day",
            field=models.DateField(default=datetime.date(2000, 1, 1)),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="paper",
            index=models.Index(condition=models.Q(("doi__isnull", False)), fields=["doi"], name="paper_doi"),
        ),
        migrations.AddIndex(
            model_name="paper",
            index=models.Index(condition=models.Q(("is_pinned", True)), fields=["listed_on"], name="paper_pinned"),
        ),
        migrations.AddIndex(
            model_name="paper",
            index=models.Index(condition=models.Q(("is_hidden", True)), fields=["listed_on"], name="paper_hidden"),
        ),
        migrations.AddIndex(
            model_name="sourcerun",
            index=models.Index(fields=["source", "-started_at"], name="runs_of_a_source"),
        ),
        migrations.AddIndex(
            model_name="trendingscore",
            index=models.Index(fields=["window", "day", "-score"], name="trending_list"),
        ),
        migrations.AddConstraint(
            model_name="sourcerun",
            constraint=models.UniqueConstraint(fields=("source", "due_at"), name="one_due_run_per_source_and_slot"),
        ),
        migrations.AddConstraint(
            model_name="trendingscore",
            constraint=models.UniqueConstraint(
                fields=("paper", "window", "day"), name="one_score_per_paper_window_and_day"
            ),
        ),
        migrations.RemoveIndex(model_name="signal", name="signal_observed_at"),
        migrations.AddIndex(
            model_name="signal",
            index=models.Index(fields=["observed_at", "paper", "kind", "source", "value"], name="signals_to_score"),
        ),
        migrations.RunPython(tell_runs_apart, migrations.RunPython.noop),
        migrations.RunPython(fill_papers, migrations.RunPython.noop),
    ]
