from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("papers", "0005_runs_as_a_list"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="paper",
            index=models.Index(fields=["-id", "title"], name="paper_list"),
        ),
    ]
