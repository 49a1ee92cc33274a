from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """An app so that Django finds the commands of the whole product, and Celery's app is known to every process."""

    name = "config"
    verbose_name = "Parley"

    def ready(self) -> None:
        from config import celery, instants, sign_ins, tracing  # noqa: F401  (tasks bind to the app that was made last)

        instants.read_them_quickly()
        sign_ins.watch_sign_ins()
