from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("newsletter", "0007_skipped_deliveries_as_a_list"),
        ("subscribers", "0009_suppressions_as_a_list"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("status", "accepted")), fields=["subscriber", "-due_at"], name="delivery_received"
            ),
        ),
    ]
