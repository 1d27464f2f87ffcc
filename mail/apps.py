from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "mail"

    def ready(self) -> None:
        from mail import checks  # noqa: F401, PLC0415  registered by being imported
