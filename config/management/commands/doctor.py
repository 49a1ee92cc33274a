"""manage.py doctor: check a deployment, and say each fix."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from config import doctor


class Command(BaseCommand):
    help = "Check what this deployment needs, and name the fix of whatever is wrong. Exit code 1 when something is."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        failed = 0
        for line in doctor.examine():
            if line.ok:
                self.stdout.write(f"{self.style.SUCCESS('ok')}    {line.name}: {line.found}")
            else:
                failed += 1
                self.stdout.write(
                    f"{self.style.ERROR('FAIL')}  {line.name}: {line.found}\n      fix: {line.fix}"
                )
        if failed:
            self.stderr.write(f"{failed} of {len(doctor.CHECKS)} need a fix.")
            sys.exit(1)
        self.stdout.write("All is well.")
