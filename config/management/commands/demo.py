"""manage.py demo: everything on this machine, ready to try."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config.demo import running, seeding


class Command(BaseCommand):
    help = "Start the embedded servers, the simulators and every process of Parley, until Ctrl-C."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--logs", action="store_true", help="also show every process's lines here")
        parser.add_argument(
            "--seed", action="store_true", help="only make the demo's brands, people and channels"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = running.plan(echo_logs=options["logs"])
        if options["seed"]:
            seeding.seed(
                password=chosen.password,
                simulator_url=f"http://127.0.0.1:{chosen.ports.simulator}",
                platform_url=f"http://127.0.0.1:{chosen.ports.platform}",
                public_url=chosen.address,
                corpus=chosen.corpus,
            )
            return
        running.run(chosen, say=self._say)

    def _say(self, line: str) -> None:
        try:
            self.stdout.write(line)
            self.stdout.flush()
        except OSError:
            pass  # the terminal is gone; stopping cleanly matters more than saying so
