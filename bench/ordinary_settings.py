"""Django's settings as startproject leaves them, with our models and the same database."""

from config.settings import *  # noqa: F403
from config.settings import DATABASES, INSTALLED_APPS

ROOT_URLCONF = "bench.ordinary"
INSTALLED_APPS = [app for app in INSTALLED_APPS if not app.startswith("allauth")]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
DATABASES["default"]["CONN_HEALTH_CHECKS"] = False  # Django's default; ours would cost it a query a request
