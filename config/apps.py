from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """An app only so that Django finds the commands and checks of the whole product."""

    name = "config"
    verbose_name = "Parley"
