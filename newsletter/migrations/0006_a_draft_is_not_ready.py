from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("newsletter", "0005_the_editors_desk"),
    ]

    operations = [
        migrations.AlterField(
            model_name="alert",
            name="kind",
            field=models.CharField(
                choices=[
                    ("account", "The mail provider refuses our account"),
                    ("storm", "Too many messages fail"),
                    ("overdue", "An edition is overdue"),
                    ("silent", "A queue is not being worked off"),
                    ("not_ready", "A draft is not ready to close"),
                ],
                max_length=10,
            ),
        ),
    ]
