#!/usr/bin/env python
"""Parley's commands. A fault of the set-up is one line with its remedy, not a traceback."""

import os
import shlex
import sys

# What a command ends with where the set-up is at fault, if 1 says something else of it.
OF_A_FAULT = {"completeness": 2}


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    code = OF_A_FAULT.get("".join(sys.argv[1:2]), 1)
    try:
        from django.core.management import execute_from_command_line

        from config import oneline
    except ImportError as error:
        sys.stderr.write(f"This Python has not Parley's packages ({error}). {remedy()}\n")
        return code
    with oneline.faults(code=code):
        if sys.argv[1:2] == ["demo"]:
            from config.demo import figures, keyless

            figures.check()
            keyless.check()
        execute_from_command_line(sys.argv)
    return 0


def remedy() -> str:
    own = os.path.join(os.path.dirname(os.path.abspath(__file__)), ".venv")
    python = os.path.join(own, "bin", "python")
    if os.access(python, os.X_OK) and sys.prefix != own:
        return f"Run {shlex.join([python, *sys.argv])}"
    return "Run make demo, or python3 tools/bootstrap.py demo, which only installs them."


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        sys.exit(130)
