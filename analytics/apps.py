"""The gallery: it reads what happened in the inbox, counts it, and draws it."""

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    name = "analytics"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from analytics import reactions  # noqa: F401  (registers what follows from an event)
