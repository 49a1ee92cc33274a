"""The Celery app, and its beat table: everything Celery does by the clock."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("PARLEY_PROCESS", "parley worker")
os.environ.setdefault("PARLEY_STATEMENT_TIMEOUT", "60000")

from celery import Celery  # noqa: E402  # the defaults above must be there first
from kombu import Queue  # noqa: E402

app = Celery("parley")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
