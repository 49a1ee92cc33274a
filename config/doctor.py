"""What a deployment needs, looked at one by one; each failing line names its one fix."""

import filecmp
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.mail import get_connection

from config import alive, broker, health, soundness
from config.unwell import REACH_BROKER, REACH_DATABASE, REACH_TABLES, Unwell, known

OLDEST_POSTGRES = 15
SKEW_SECONDS = 2.0
FREE_MEGABYTES = 500
MOST_CHANNELS = 10  # that are named


@dataclass(frozen=True, kw_only=True)
class Line:
    name: str
    ok: bool
    found: str
    fix: str = ""


def examine() -> Iterator[Line]:
    for name, (look, fix) in CHECKS.items():
        try:
            yield Line(name=name, ok=True, found=look())
        except Unwell as unwell:
            yield Line(name=name, ok=False, found=str(unwell), fix=unwell.fix)
        except Exception as error:  # whatever goes wrong is a finding
            yield Line(
                name=name, ok=False, found=f"{type(error).__name__}: {health.first_line(error)}", fix=fix
            )


def _secret_key() -> str:
    if len(settings.SECRET_KEY) < 50 or len(set(settings.SECRET_KEY)) < 5:
        raise Unwell("it is short or simple", fix="set PARLEY_SECRET_KEY to 50 random characters or more")
    return "set"


def _seal_keys() -> str:
    return f"{len(settings.PARLEY_SEAL_KEYS)}, the first seals"


def _hosts() -> str:
    hosts: list[str] = settings.ALLOWED_HOSTS
    if not hosts or "*" in hosts:
        found = "every host is allowed" if hosts else "no host is allowed"
        raise Unwell(found, fix="set PARLEY_ALLOWED_HOSTS to the names people use, comma-separated")
    return ", ".join(hosts)


def _public_address() -> str:
    if wrong := soundness.public_address():
        raise Unwell(wrong, fix="set PARLEY_PUBLIC_URL to the https address that people and platforms use")
    return str(settings.PARLEY_PUBLIC_URL)


def _database() -> str:
    from django.db import connection

    known(settings.DATABASE_URL, REACH_DATABASE)
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_encoding")
        encoding = cursor.fetchone()[0]
        cursor.execute("SELECT current_setting('server_version_num')::int")
        major, minor = divmod(cursor.fetchone()[0], 10000)
    if major < OLDEST_POSTGRES:
        raise Unwell(
            f"PostgreSQL {major}.{minor}",
            fix=f"use PostgreSQL {OLDEST_POSTGRES} or newer; 18 is what is tested",
        )
    if encoding != "UTF8":
        raise Unwell(
            f"its encoding is {encoding}", fix="make the database again: CREATE DATABASE ... ENCODING 'UTF8'"
        )
    return f"PostgreSQL {major}.{minor}"


def _migrations() -> str:
    known(settings.DATABASE_URL, REACH_DATABASE)
    missing = health.pending_migrations()
    if missing:
        raise Unwell(f"{len(missing)} to apply, first {missing[0]}", fix="run manage.py migrate")
    return "all applied"


def _clock() -> str:
    from django.db import connection

    known(settings.DATABASE_URL, REACH_DATABASE)
    with connection.cursor() as cursor:
        before = time.time()
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        there = float(cursor.fetchone()[0])
        skew = abs(there - (before + time.time()) / 2)
    if skew > SKEW_SECONDS:
        raise Unwell(
            f"{skew:.1f} s apart from the database's",
            fix="keep both machines' time by NTP (timedatectl set-ntp true)",
        )
    return f"{skew * 1000:.0f} ms apart from the database's"


def _broker() -> str:
    known(settings.REDIS_URL, REACH_BROKER)
    told = broker.client().info("server")
    version = told.get("valkey_version") or told.get("redis_version") or "?"
    memory = broker.client().info("memory")
    policy = str(memory.get("maxmemory_policy", "noeviction"))
    if int(memory.get("maxmemory", 0)) and policy != "noeviction":
        raise Unwell(
            f"it may throw queued work away ({policy})", fix="set its maxmemory-policy to noeviction"
        )
    return f"version {version}"


def _figures() -> str:
    from connectors import figures, registry
    from inbox import platforms

    if wrong := figures.mistake():
        raise Unwell(wrong, fix=MEND_FIGURES)
    named, known = figures.named(), {manifest.key for manifest in platforms.installed()}
    failures = registry.failures()
    if unused := [why for key, why in sorted(failures.items()) if _is_of_figures(why)]:
        raise Unwell("; ".join(unused), fix=MEND_FIGURES)
    if strangers := sorted(named - known - failures.keys()):
        raise Unwell(
            f"{figures.VARIABLE} names {', '.join(strangers)}, which no connector is called", fix=MEND_FIGURES
        )
    return f"set for {', '.join(sorted(named))}" if named else "as documented"


def _is_of_figures(failure: str) -> bool:
    from connectors import figures

    return figures.VARIABLE in failure


def _connectors() -> str:
    from connectors import registry

    loaded = [connector.manifest.key for connector in registry.all()]
    if failures := registry.failures():
        broken = sorted(key for key, why in failures.items() if not _is_of_figures(why))
        fixes = [MEND_FIGURES] if len(broken) < len(failures) else []
        fixes += [f"mend or remove {', '.join(broken)}"] if broken else []
        raise Unwell("; ".join(failures.values()), fix="; ".join(fixes))
    known(settings.DATABASE_URL, REACH_DATABASE)
    if missing := soundness.connectors():
        raise Unwell(
            missing,
            fix="install the package that brings it, or retire its channels, each at the end of its connection page",
        )
    return ", ".join(loaded)


def _channels() -> str:
    known(settings.DATABASE_URL, REACH_DATABASE)
    if told := soundness.channels():
        found, fixes = zip(*told[:MOST_CHANNELS], strict=True)
        more = [f"and {len(told) - MOST_CHANNELS} more"] if len(told) > MOST_CHANNELS else []
        raise Unwell("; ".join([*found, *more]), fix="; ".join([*fixes, *more]))
    return "each grant holds, or is renewed by itself"


def _counters() -> str:
    """What the nightly counts of the last week have found wrong was repaired; that it was wrong is a fault of ours."""
    known(settings.DATABASE_URL, REACH_DATABASE)
    if drifted := soundness.drifts():
        raise Unwell(
            drifted, fix="report it with the log lines view_counter_drifted; the counters are right again"
        )
    return "no drift in the last week"


def _stored_secrets() -> str:
    known(settings.DATABASE_URL, REACH_DATABASE)
    if closed := soundness.secrets():
        raise Unwell(
            closed, fix="put the key they were sealed with back into PARLEY_SEAL_KEYS, behind the first"
        )
    return "all open"


def _media() -> str:
    folder = Path(settings.MEDIA_ROOT)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise Unwell(
            f"{folder}: {error.strerror}",
            fix=f"let the processes' user write to {folder}, or set PARLEY_MEDIA",
        )
    return f"{folder} can be written to"


def _disk() -> str:
    folder = Path(settings.MEDIA_ROOT)
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free // (1024 * 1024)
    if free < FREE_MEGABYTES:
        raise Unwell(f"{free} MB free on {folder}", fix=f"free some: {FREE_MEGABYTES} MB are needed")
    return f"{free} MB free"


def _mail() -> str:
    if settings.EMAIL_HOST:
        return _mail_server()
    if settings.PRODUCTION:
        raise Unwell("not configured: nobody can reset a password", fix="set EMAIL_HOST (see .env.example)")
    return f"written to {settings.EMAIL_FILE_PATH}"


def _mail_server() -> str:
    """Greeted and signed in to: at another port, or with the other kind of TLS, a server answers nothing."""
    where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        with get_connection("django.core.mail.backends.smtp.EmailBackend"):
            return where
    except OSError as error:  # smtplib's own are such
        raise Unwell(f"{where}: {health.first_line(error)}", fix=MEND_MAIL) from None


def _static() -> str:
    if not settings.PRODUCTION:
        return "served from where it is written"
    if not (Path(settings.STATIC_ROOT) / "staticfiles.json").is_file():
        raise Unwell(f"{settings.STATIC_ROOT} holds no manifest", fix=COLLECT)
    if stale := _not_collected():
        raise Unwell(f"{len(stale)} files are not those of this version, first {stale[0]}", fix=COLLECT)
    return "collected"


def _not_collected() -> list[str]:
    """After an upgrade pages name files that nobody has collected, and answer 500."""
    from django.contrib.staticfiles.finders import get_finders

    root, ours = Path(settings.STATIC_ROOT), dict[str, str]()
    for finder in get_finders():
        for path, storage in finder.list(None):
            ours.setdefault(path, storage.path(path))  # the first that is found is the one that is served
    return [
        path
        for path, source in ours.items()
        if not (root / path).is_file() or not filecmp.cmp(source, root / path, shallow=False)
    ]


COLLECT = "run manage.py collectstatic --noinput"
MEND_MAIL = "check EMAIL_HOST, EMAIL_PORT, EMAIL_USE_TLS or EMAIL_USE_SSL, EMAIL_HOST_USER and its password (.env.example)"
MEND_FIGURES = "mend PARLEY_PLATFORM_FIGURES (docs/operations.md) and restart"

CHECKS: dict[str, tuple[Callable[[], str], str]] = {
    "secret key": (_secret_key, "set PARLEY_SECRET_KEY"),
    "seal keys": (_seal_keys, "set PARLEY_SEAL_KEYS"),
    "allowed hosts": (_hosts, "set PARLEY_ALLOWED_HOSTS"),
    "public address": (_public_address, "set PARLEY_PUBLIC_URL"),
    "database": (_database, REACH_DATABASE),
    "migrations": (_migrations, REACH_DATABASE),
    "clock": (_clock, REACH_DATABASE),
    "broker": (_broker, REACH_BROKER),
    **alive.CHECKS,
    "platform figures": (_figures, MEND_FIGURES),
    "connectors": (_connectors, REACH_TABLES),
    "channels": (_channels, REACH_TABLES),
    "view counters": (_counters, REACH_TABLES),
    "stored secrets": (_stored_secrets, REACH_TABLES),
    "media": (_media, "set PARLEY_MEDIA to a folder that the processes may write to"),
    "disk": (_disk, "free some space"),
    "mail": (_mail, MEND_MAIL),
    "static files": (_static, COLLECT),
}
