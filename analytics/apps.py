"""Nothing is measured yet: the app holds the place and the import contracts until the first metric is written."""

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    name = "analytics"
    default_auto_field = "django.db.models.BigAutoField"
