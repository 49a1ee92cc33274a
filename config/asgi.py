"""The edge: one door for webhooks, sockets, health and, in the demo, the pages that the web process serves."""

import os
from typing import cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("PARLEY_PROCESS", "parley edge")
os.environ.setdefault("PARLEY_DB_POOL", "8")
os.environ.setdefault("PARLEY_STATEMENT_TIMEOUT", "15000")

from django.core.asgi import get_asgi_application  # the defaults above must be there first

django_application = get_asgi_application()

from config import env  # noqa: E402  # these import models, which Django must have loaded
from config.edge import Application, Edge  # noqa: E402

application = Edge(pages=cast(Application, django_application), pages_origin=env.text("PARLEY_PAGES_ORIGIN"))
