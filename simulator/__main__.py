"""python -m simulator, and python -m simulator examine CORPUS"""

import sys
from pathlib import Path

from simulator.conversations import examine
from simulator.serving import run
from simulator.settings import from_environment

if __name__ == "__main__":
    if sys.argv[1:2] == [
        "examine"
    ]:  # a corpus, before anything starts: exit code 1 and one line when it cannot be played
        sys.exit(examine(Path(sys.argv[2])).fault or 0)
    try:
        settings = from_environment()
    except ValueError as error:
        sys.exit(f"simulator: a setting is not a number: {error}")
    sys.exit(run(settings))
