"""The webhook door, in front of Django: check the signature over the raw bytes, store the delivery, commit, answer.

Nothing else happens before the answer. `application` is mounted at /webhooks/ by config/asgi.py.
"""

from connectors.door.application import Door

application = Door()

__all__ = ["Door", "application"]
