from django.db import migrations


def write_letters(apps, schema_editor):
    """Opt-in mails that were asked for and have not gone out become letters."""
    Letter = apps.get_model("subscribers", "Letter")
    due = apps.get_model("subscribers", "Subscriber").objects.filter(optin_mail_due_at__isnull=False)
    Letter.objects.bulk_create(
        Letter(
            subscriber=reader,
            kind="already_subscribed" if reader.status == "active" else "confirmation",
            address=reader.email,
            asked_at=reader.optin_mail_due_at,
            due_at=reader.optin_mail_due_at,
        )
        for reader in due.iterator()
    )


class Migration(migrations.Migration):
    dependencies = [("subscribers", "0002_readers_from_sign_up_to_goodbye")]

    operations = [migrations.RunPython(write_letters, migrations.RunPython.noop)]
