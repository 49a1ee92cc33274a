"""Parley's settings: one file, the environment only, sections in the order of Django's documentation."""

import ssl
from datetime import timedelta
from typing import Any

from csp.constants import NONCE, NONE, SELF

from config import env, keys, logs, services

BASE_DIR = services.BASE_DIR
PARLEY_ENV = env.text("PARLEY_ENV", "demo")  # demo (also development), test, production
if PARLEY_ENV not in {"demo", "test", "production"}:
    raise env.EnvironmentFault(f"PARLEY_ENV must be demo, test or production; it is {PARLEY_ENV!r}.")
PRODUCTION = PARLEY_ENV == "production"
PARLEY_HOME = services.home()
PORT = env.number("PORT", 8000)
SIMULATOR_PORT = env.number("SIMULATOR_PORT", services.simulator_port() or PORT + 100)

# --- Core: cache -----------------------------------------------------------------------------------------------------

REDIS_URL = services.redis_url()

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL or "unix:///nowhere/valkey.sock",
        "KEY_PREFIX": "parley",
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 5},
    }
}

# --- Core: database --------------------------------------------------------------------------------------------------

DATABASE_URL = services.database_url()
# A thread of a web server borrows a connection for one request; a worker keeps its own between tasks.
DATABASE_POOL = env.number("PARLEY_DB_POOL", 0)
STATEMENT_TIMEOUT = env.number(
    "PARLEY_STATEMENT_TIMEOUT", 0
)  # milliseconds; each kind of process sets its own

DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        # Settings can be read without a database (lint, types, makemigrations); using one then says what to do.
        **services.django_database(DATABASE_URL or "postgresql:///parley?host=/nowhere"),
        "ATOMIC_REQUESTS": False,
        "CONN_HEALTH_CHECKS": True,
        "CONN_MAX_AGE": 0 if DATABASE_POOL else 300,
        "TEST": {"NAME": env.text("PARLEY_TEST_DATABASE", "") or None},
    }
}
DATABASES["default"]["OPTIONS"] |= {
    "application_name": env.text("PARLEY_PROCESS", "parley"),
    "connect_timeout": 5,
    "prepare_threshold": env.number("PARLEY_PREPARE_THRESHOLD", 5)
    or None,  # 0: none; the door prepares its one statement all the same
    "options": f"-c statement_timeout={STATEMENT_TIMEOUT} -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s",
}
if DATABASE_POOL:
    DATABASES["default"]["OPTIONS"]["pool"] = {
        "min_size": 1,
        "max_size": DATABASE_POOL,
        "timeout": 10,
        "max_idle": 300,
    }

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Core: debugging -------------------------------------------------------------------------------------------------

DEBUG = not PRODUCTION and env.flag("PARLEY_DEBUG")

# --- Core: email -----------------------------------------------------------------------------------------------------

EMAIL_HOST = env.text("EMAIL_HOST")
EMAIL_USE_SSL = env.flag("EMAIL_USE_SSL")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", default=not EMAIL_USE_SSL)
if EMAIL_USE_SSL and EMAIL_USE_TLS:
    raise env.EnvironmentFault(
        "EMAIL_USE_SSL is TLS from the first byte and EMAIL_USE_TLS is STARTTLS: set one of them alone."
    )
EMAIL_PORT = env.number("EMAIL_PORT", 465 if EMAIL_USE_SSL else 587)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.secret("EMAIL_HOST_PASSWORD")
EMAIL_TIMEOUT = 10
# Never the console: a log that holds links for setting a password hands out accounts.
EMAIL_FILE_PATH = str(PARLEY_HOME / "mail")
_without_host = "dummy" if PRODUCTION else "filebased"
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else _without_host}.EmailBackend"
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("DEFAULT_FROM_EMAIL", "parley@localhost")

# --- Core: file uploads ----------------------------------------------------------------------------------------------

MEDIA_ROOT = env.text("PARLEY_MEDIA", str(PARLEY_HOME / "media"))
MEDIA_URL = "/media/"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # forms; files are not counted
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DATA_UPLOAD_MAX_NUMBER_FILES = 10
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # larger ones go to a temporary file
FILE_UPLOAD_PERMISSIONS = 0o640
PAGES_MAX_BODY = env.number(
    "PARLEY_PAGES_MAX_BODY", 64 * 1024 * 1024
)  # the largest upload that edge hands to web
# A file travels in a form, whose fences and fields take some room.
UPLOAD_MAX_BYTES = max(1, PAGES_MAX_BODY - 64 * 1024)

# --- Core: globalization ---------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True

# --- Core: HTTP ------------------------------------------------------------------------------------------------------

ALLOWED_HOSTS = env.words("PARLEY_ALLOWED_HOSTS", "" if PRODUCTION else "localhost,127.0.0.1,[::1]")
# Where platforms reach us, send people back to after their consent, and mails point. Cookies are of one name alone, so it is the one
# that people open (the demo prints it); and passkeys want a name, not a number.
PARLEY_PUBLIC_URL = env.text("PARLEY_PUBLIC_URL", services.public_url() or f"http://localhost:{PORT}").rstrip(
    "/"
)
# Below 1 a reply of unknown outcome is settled sooner, for tests: on real platforms history may lag.
PARLEY_SETTLE_SCALE = env.number("PARLEY_SETTLE_PERCENT", 100) / 100
PARLEY_WEBHOOK_MAX_BYTES = env.number(
    "PARLEY_WEBHOOK_MAX_BYTES", 16 * 1024 * 1024
)  # larger deliveries get 413
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
WSGI_APPLICATION = "config.wsgi.application"

MIDDLEWARE = [
    "config.middleware.RequestName",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.middleware.Caller",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

# --- Core: logging ---------------------------------------------------------------------------------------------------

logs.configure()
LOGGING = logs.settings(
    as_json=env.flag("PARLEY_LOG_JSON", default=PRODUCTION), level=env.text("PARLEY_LOG_LEVEL", "INFO")
)

# Whoever asks for /metrics must bring it; without one only this machine may ask.
METRICS_TOKEN = env.secret("PARLEY_METRICS_TOKEN")

# --- Core: models, apps ----------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "config.apps.ConfigConfig",
    "inbox",
    "connectors",
    "analytics",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",  # the passkey pages of allauth say "two days ago" with it
    "django.contrib.postgres",
    "channels",
    "csp",
    "django_htmx",
    "django_rq",
    "allauth",
    "allauth.account",
    "allauth.mfa",
]

# --- Core: security --------------------------------------------------------------------------------------------------

SECRET_KEY = keys.secret_key(home=PARLEY_HOME, production=PRODUCTION)
SECRET_KEY_FALLBACKS = env.split(env.secret("PARLEY_SECRET_KEY_FALLBACKS"))
PARLEY_SEAL_KEYS = keys.seal_keys(home=PARLEY_HOME, production=PRODUCTION)

CSRF_TRUSTED_ORIGINS = env.words("PARLEY_TRUSTED_ORIGINS")
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE = PRODUCTION
SECURE_SSL_REDIRECT = PRODUCTION and env.flag("PARLEY_SSL_REDIRECT", default=True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PRODUCTION else 0
# Browsers hold to it for a year, and to a list that they ship for longer. We know our own host alone, so for all names below it, and for the
# list, the domain's owner has to say so.
HSTS = env.choice("PARLEY_HSTS", "host", "subdomains", "preload")
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION and HSTS != "host"
SECURE_HSTS_PRELOAD = PRODUCTION and HSTS == "preload"
SILENCED_SYSTEM_CHECKS = {
    "host": ["security.W005", "security.W021"],
    "subdomains": ["security.W021"],
    "preload": [],
}[HSTS]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Browsers share the cookies of one host between its ports, so demos side by side need names of their own.
COOKIE_SUFFIX = "" if PRODUCTION else f"_{PORT}"
CSRF_COOKIE_NAME = f"parley_csrf{COOKIE_SUFFIX}"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- Core: templates -------------------------------------------------------------------------------------------------

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ]
        },
    }
]

# --- Auth ------------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "inbox.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
if PARLEY_ENV == "test":
    # A strong hash costs a tenth of a second, in every test that signs in.
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# --- Messages, sessions ----------------------------------------------------------------------------------------------

MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_NAME = f"parley_session{COOKIE_SUFFIX}"
SESSION_COOKIE_AGE = int(timedelta(days=14).total_seconds())

# --- Static files ----------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = env.text("PARLEY_STATIC_ROOT", str(BASE_DIR / "staticfiles"))
STATICFILES_DIRS = [folder for folder in (BASE_DIR / "static",) if folder.is_dir()]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
# Outside production files are served from where they are written, so that nothing has to be collected first.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not PRODUCTION

# --- allauth ---------------------------------------------------------------------------------------------------------

ACCOUNT_ADAPTER = "config.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # people are invited to an address, they do not bring one
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = PRODUCTION
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Parley: "
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if PRODUCTION else "http"
# Allauth's own limits stand; a whole team behind one address signs in at nine o'clock.
ACCOUNT_RATE_LIMITS: dict[str, Any] | bool = {"login": "120/m/ip", "login_failed": "30/m/ip,5/5m/key"}
if PARLEY_ENV == "test":
    ACCOUNT_RATE_LIMITS = False
# A header that one's own proxy always sets. It goes before the count, and nobody else can say it where its name is secret.
ALLAUTH_TRUSTED_CLIENT_IP_HEADER = env.text("PARLEY_CLIENT_ADDRESS_HEADER") or None
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("PARLEY_TRUSTED_PROXIES", 1 if PRODUCTION else 0)
MFA_ADAPTER = "config.accounts.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
MFA_TOTP_ISSUER = "Parley"

# --- Channels --------------------------------------------------------------------------------------------------------

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL or "unix:///nowhere/valkey.sock"], "prefix": "parley"},
    }
}

# --- Celery: what events cause ---------------------------------------------------------------------------------------

CELERY_BROKER_URL = services.celery_broker(REDIS_URL or "unix:///nowhere/valkey.sock")
# Kombu checks no certificate unless it is told to; the other readers of REDIS_URL do.
CELERY_BROKER_USE_SSL = {"ssl_cert_reqs": ssl.CERT_REQUIRED} if REDIS_URL.startswith("rediss:") else None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,  # longer than all but a reply of many files, which is claimed: a task that runs twice does its work once
    "socket_connect_timeout": 3,
    "socket_timeout": 30,
    "socket_keepalive": True,
    "global_keyprefix": "parley.",
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# The rows are the queue and a sweep finds them: a door does not wait long for a broker that is away.
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_CREATE_MISSING_QUEUES = False
CELERY_TASK_QUEUES = ("receive", "delivery", "triage", "default")  # made into queues by config/celery.py
# Threads: most of what a worker does is waiting for platforms. They know no time limit for a task; every wait has its own, in
# connectors.http and in the database.
WORKER_CONCURRENCY = env.number("WORKER_CONCURRENCY", 12)
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False  # a send on its way must not be cut off
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_DB_REUSE_MAX = 1000  # Celery closes the connection around every task otherwise, which costs 3.8x
CELERY_TIMEZONE = "UTC"

# --- RQ: what people schedule ----------------------------------------------------------------------------------------

RQ_QUEUES = {
    "sync": {
        "URL": REDIS_URL or "unix:///nowhere/valkey.sock",
        "DEFAULT_TIMEOUT": 900,
        "DEFAULT_RESULT_TTL": 60,
    }
}
# Of one `rqworkers` process. Two are kept for the tick and the watch, half of the others may walk through history (connectors/rules/lanes.py).
SYNC_WORKERS = env.number("SYNC_WORKERS", 6)
RQ_QUEUES["reports"] = RQ_QUEUES["sync"]  # files and mails that people asked for; their rows are the queue
RQ_QUEUES["reports-tick"] = RQ_QUEUES["sync"]  # served by the same workers, before the files
RQ = {"WORKER_CLASS": "config.rq.Worker"}
# The link's page brings addresses of its own beneath the admin, behind no door of ours; /admin/rq/ needs none of them.
RQ_SHOW_ADMIN_LINK = False
