from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("subscribers", "0003_letters_that_are_due")]

    operations = [
        migrations.RemoveIndex(
            model_name="subscriber",
            name="optin_mail_due",
        ),
        migrations.RemoveField(
            model_name="subscriber",
            name="optin_mail_due_at",
        ),
        migrations.RemoveField(
            model_name="subscriber",
            name="optin_mail_sent_at",
        ),
    ]
