"""python -m simulator"""

import sys

from simulator.serving import run
from simulator.settings import from_environment

if __name__ == "__main__":
    try:
        settings = from_environment()
    except ValueError as error:
        sys.exit(f"simulator: a setting is not a number: {error}")
    sys.exit(run(settings))
