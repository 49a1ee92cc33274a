"""Django's pages for the web process, where threads come and go: they borrow from a pool of connections."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("PARLEY_PROCESS", "parley web")
os.environ.setdefault("PARLEY_DB_POOL", "8")
os.environ.setdefault("PARLEY_STATEMENT_TIMEOUT", "15000")

from django.core.wsgi import get_wsgi_application  # the defaults above must be there first

application = get_wsgi_application()

from config import health  # noqa: E402  # Django must have been set up

health.keep_beating("web")
