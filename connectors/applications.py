"""How a platform's application is read from its row: by the door, which reads without the ORM, and by everybody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.contract import App


def app_from(client_id: str, secrets: Mapping[str, Any]) -> App:
    return App(
        client_id=client_id,
        client_secret=secrets.get("client_secret", ""),
        webhook_secrets=tuple(secrets.get("webhook_secrets", ())),
        verify_token=secrets.get("verify_token", ""),
        bearer=secrets.get("bearer", ""),
        application_id=secrets.get("application_id", ""),
    )
