from django.apps import AppConfig


class ConnectorsConfig(AppConfig):
    name = "connectors"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from connectors import reactions, registry  # noqa: F401  (reactions register themselves)

        registry.register_manifests()
