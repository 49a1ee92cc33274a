"""The demo: embedded servers, simulator and every process type under one supervisor, until Ctrl-C."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config import embedded, env, keys, postgres, services
from config.demo import corpus, knocking, ledger, migrating, opening, ports, reaching
from config.oneline import SetUpFault
from config.processes import Command
from config.supervisor import Supervisor, read_procfile

READY_WITHIN = 90.0
DEATHS_TOO_MANY = 4
# Doors first, so that nothing new begins; then who works; then the world outside.
STOP_ORDER = (
    ("edge", "web", "cron", "beat"),
    ("sync", "reports", "worker", "triage"),
    ("simulator",),
    ("valkey",),
    ("postgres",),
)
SIGN_INS = (
    ("agent@parley.test", "answers customers"),
    ("manager@parley.test", "sees the whole team"),
    ("ops@parley.test", "connects channels"),
    ("admin@parley.test", "people, roles, settings"),
    ("outsider@parley.test", "of another brand"),
)


class Interrupted(Exception):
    """Somebody asked to stop before everything was up."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    home: Path
    ports: ports.Ports
    host: str
    corpus: str
    password: str
    echo_logs: bool

    @property
    def address(self) -> str:
        """Of the inbox, for everybody: who signed in here comes back from a platform's consent to the same name."""
        return f"http://localhost:{self.ports.edge}"


def plan(*, echo_logs: bool) -> Plan:
    played = corpus.chosen()
    reaching.ask()
    home = services.home()
    embedded.make_home(home)
    return Plan(
        home=home,
        ports=ports.chosen(),
        host=env.text("EDGE_HOST", "127.0.0.1"),
        corpus=played,
        password=env.secret("PARLEY_DEMO_PASSWORD")
        or keys.kept(home / "secrets" / "demo_password", make=_password),
        echo_logs=echo_logs,
    )


def _password() -> str:
    import secrets

    return "-".join(secrets.token_hex(2) for _ in range(3))


def run(chosen: Plan, *, say: Callable[[str], None]) -> None:
    begun = time.monotonic()
    with embedded.claimed(chosen.home, told=f"the demo at {chosen.address}/"):
        ports.check(chosen.ports, host=chosen.host)
        ledger.check(chosen.home)
        supervisor = Supervisor(logs=chosen.home / "log", say=say, echo_logs=chosen.echo_logs)
        supervisor.listen()
        with stopped_at_the_end(supervisor, chosen, say):
            _start_all(chosen, supervisor, say)
            for line in banner(chosen, seconds=time.monotonic() - begun):
                say(line)
            supervisor.wait(float("inf"))


@contextmanager
def stopped_at_the_end(supervisor: Supervisor, chosen: Plan, say: Callable[[str], None]) -> Iterator[None]:
    try:
        yield
    except Interrupted:
        pass
    except SetUpFault:
        if not supervisor.stopping:  # else Ctrl-C reached a helper first
            raise
    finally:
        services.withdraw(chosen.home)
        say("Stopping ...")
        if supervisor.is_up("simulator"):
            knocking.end_traffic(chosen.ports.simulator)
        for names in STOP_ORDER:
            supervisor.stop(names)
        supervisor.sweep()
        say("Everything has stopped. Your data stays in " + str(chosen.home))


def _start_all(chosen: Plan, supervisor: Supervisor, say: Callable[[str], None]) -> None:
    where = embedded.prepare(chosen.home)
    _age_logs(where.log)
    known = _serving(where, chosen)
    environment = _environment(chosen, known)
    supervisor.start(_simulator(environment))
    for command in embedded.commands(where):
        if reaching.is_ours(command.name):
            supervisor.start(command)
    say(f"Starting in {chosen.home} ...")
    _await_servers(supervisor, where, say)
    if reaching.is_ours("postgres"):
        postgres.ensure_database(sockets=where.sockets)
    opening.ask(known.database_url, home=chosen.home)
    services.publish(chosen.home, known)
    if not (reaching.is_ours("postgres") and migrating.is_done(where.data)):
        say("Migrating the database ...")
        _run_step(supervisor, "migrate", ["migrate", "--verbosity", "1"], environment, where.log)
        if reaching.is_ours("postgres"):
            migrating.note_done(where.data)
    for command in read_procfile(services.BASE_DIR / "Procfile", environment=environment):
        supervisor.start(command)
    say(
        "Started "
        + ", ".join(
            f"{kept.command.name} ({kept.process.pid})" for kept in supervisor.kept.values() if kept.process
        )
    )
    _await_url(supervisor, "simulator", f"http://127.0.0.1:{chosen.ports.simulator}/control/health")
    _run_step(supervisor, "seed", ["demo", "--seed"], environment, where.log)
    _await_url(supervisor, "web", f"http://127.0.0.1:{chosen.ports.web}/accounts/login/")
    _await_url(supervisor, "edge", f"http://127.0.0.1:{chosen.ports.edge}/readyz")


def _serving(where: embedded.Places, chosen: Plan) -> services.Services:
    own = embedded.addresses(where, pid=os.getpid())
    return services.Services(
        pid=own.pid,
        database_url=env.secret("DATABASE_URL") or own.database_url,
        redis_url=env.secret("REDIS_URL") or own.redis_url,
        simulator_port=chosen.ports.simulator,
        public_url=env.text("PARLEY_PUBLIC_URL", chosen.address),
    )


def _environment(chosen: Plan, known: services.Services) -> dict[str, str]:
    """What the children are told. It is what a production unit file would say, with this demo's values."""
    binaries = str(Path(sys.executable).parent)
    return {
        "DATABASE_URL": known.database_url,
        "REDIS_URL": known.redis_url,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PARLEY_ENV": "demo",
        "PARLEY_HOME": str(chosen.home),
        "PARLEY_DEMO_PASSWORD": chosen.password,
        "PARLEY_PUBLIC_URL": known.public_url,
        "PARLEY_PAGES_ORIGIN": f"http://127.0.0.1:{chosen.ports.web}",
        "PARLEY_TRUSTED_PROXIES": "1",
        "EDGE_HOST": chosen.host,
        "EDGE_TRUSTED": "",
        "PORT": str(chosen.ports.edge),
        "WEB_PORT": str(chosen.ports.web),
        "SIMULATOR_PORT": str(chosen.ports.simulator),
        "SIMULATOR_PLATFORM_PORT": str(chosen.ports.platform),
        "CORPUS": chosen.corpus,
        # The simulator's feed is quick; a visitor should not wait half a minute for a LinkedIn message.
        "PARLEY_PLATFORM_FIGURES": env.text("PARLEY_PLATFORM_FIGURES", '{"linkedin": {"poll_every_s": 3}}'),
        "SIMULATOR_TRAFFIC": "on" if env.flag("PARLEY_DEMO_TRAFFIC", default=True) else "off",
        "PYTHONUNBUFFERED": "1",
        "PATH": binaries + os.pathsep + os.environ.get("PATH", os.defpath),
    }


def _simulator(environment: dict[str, str]) -> Command:
    # It is the world outside: it gets none of our addresses and secrets.
    told = {
        name: value
        for name, value in environment.items()
        if name not in {"DATABASE_URL", "REDIS_URL", "PARLEY_DEMO_PASSWORD"}
    }
    return Command(
        name="simulator", argv=[sys.executable, "-m", "simulator"], environment=told, folder=services.BASE_DIR
    )


def _await_servers(supervisor: Supervisor, where: embedded.Places, say: Callable[[str], None]) -> None:
    for name in ("postgres", "valkey"):
        kept = supervisor.kept.get(name)
        if kept and kept.process:
            embedded.wait_until_ready(name, kept.process, where, say=say, heed=lambda: _heed(supervisor))
    _heed(supervisor)


def _run_step(
    supervisor: Supervisor, name: str, arguments: list[str], environment: dict[str, str], logs: Path
) -> None:
    """A command that must end well before the demo is up."""
    from config import processes

    path = logs / f"{name}.log"
    argv = [sys.executable, "manage.py", *arguments]
    with path.open("wb") as output:
        command = Command(name=name, argv=argv, environment=environment, folder=services.BASE_DIR)
        process = processes.spawn(command, output=output)
    try:
        while process.poll() is None:
            _watch(supervisor, beside=process.pid)
            time.sleep(0.05)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    if process.returncode != 0:
        raise SetUpFault(f"{name} failed: {last_line(path)} Its log: {path}")


def _await_url(supervisor: Supervisor, name: str, url: str) -> None:
    deadline = time.monotonic() + READY_WITHIN
    reason = "no answer"
    while True:
        _watch(supervisor)
        reason = knocking.why_not_ready(url)
        if not reason:
            return
        if time.monotonic() > deadline:
            log = supervisor.kept[name].log.path
            raise SetUpFault(f"{name} is not ready after {READY_WITHIN:.0f} s ({reason}). Its log: {log}")
        time.sleep(0.1)


def _watch(supervisor: Supervisor, *, beside: int = 0) -> None:
    """Whichever dies again and again is named, also where another one is waited for, which may lack nothing but that."""
    _heed(supervisor)
    supervisor.watch(beside=beside)
    for name, kept in supervisor.kept.items():
        if kept.deaths >= DEATHS_TOO_MANY:
            raise SetUpFault(f"{name} does not start: {last_line(kept.log.path)} Its log: {kept.log.path}")


def _heed(supervisor: Supervisor) -> None:
    if supervisor.stopping:
        raise Interrupted


def _age_logs(folder: Path) -> None:
    """One run's lines per file, and the run before beside it."""
    for path in folder.glob("*.log"):
        path.replace(path.with_suffix(".log.1"))


def last_line(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines() if path.exists() else []
    return lines[-1].strip() if lines else "it said nothing."


def banner(chosen: Plan, *, seconds: float) -> list[str]:
    width = max(len(address) for address, _ in SIGN_INS)
    return [
        "",
        f"Parley is ready after {seconds:.0f} s.",
        "",
        f"  Inbox            {chosen.address}/",
        f"  Be the customer  http://localhost:{chosen.ports.simulator}/",
        "",
        f"  Sign in with the password  {chosen.password}",
        *(f"    {address:<{width}}  {what}" for address, what in SIGN_INS),
        "",
        f"  Logs: {chosen.home / 'log'}   Stop: Ctrl-C",
        "",
    ]
