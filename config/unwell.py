"""What an examination finds wrong, with the one thing that mends it."""

REACH_DATABASE = "check DATABASE_URL and that the server runs (make demo runs one here)"
REACH_TABLES = "run manage.py migrate, or mend what the line database says"
REACH_BROKER = "check REDIS_URL and that the server runs (make demo runs one here)"


class Unwell(Exception):
    """What was found wrong, and the one thing that mends it."""

    def __init__(self, found: str, *, fix: str) -> None:
        super().__init__(found)
        self.fix = fix


def known(url: str, fix: str) -> None:
    if not url:
        raise Unwell("none is known", fix=fix)
