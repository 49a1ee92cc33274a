#!/usr/bin/env python
"""Parley's commands. A fault of the set-up is one line with its remedy, not a traceback."""

import os
import sys

# What a command ends with where the set-up is at fault, if 1 says something else of it.
OF_A_FAULT = {"completeness": 2}


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        from django.core.management import execute_from_command_line

        from config import oneline
    except ImportError as error:
        sys.stderr.write(f"Parley's packages are not installed ({error}). Run make demo, or uv sync.\n")
        return 1
    with oneline.faults(code=OF_A_FAULT.get("".join(sys.argv[1:2]), 1)):
        if sys.argv[1:2] == ["demo"]:
            from config.demo import figures

            figures.check()
        execute_from_command_line(sys.argv)
    return 0


if __name__ == "__main__":
    sys.exit(main())
