"""Ids in the shapes the platforms use: opaque, long, and to be kept as text."""

import base64
import random
import string
import uuid

from simulator.models import X_EPOCH_MS

_URLSAFE = string.ascii_letters + string.digits
# ids.19digit counts down from here, so ids stay near 2**63 and still rise in time.
_NEAR_LIMIT = 9_223_372_036_854_000_000


class Ids:
    def __init__(self, *, seed: int | None = None, serial: int = 0) -> None:
        self._random = random.Random(seed)
        self.serial = serial
        self.near_limit = False

    def _next(self) -> int:
        self.serial += 1
        return self.serial

    def opaque(self, length: int) -> str:
        return "".join(self._random.choices(_URLSAFE, k=length))

    def digits(self, length: int) -> str:
        return str(self._random.randint(1, 9)) + "".join(self._random.choices(string.digits, k=length - 1))

    def uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def negative_long(self) -> str:
        value = self._random.getrandbits(62)
        return str(-value if self._random.random() < 0.5 else value)

    def number(self) -> int:
        return 900_000_000 + self._next()

    # Instagram

    def instagram_mid(self, *, thread: str, at_ms: int) -> str:
        """Longer than 100 characters, base64-like, and rising inside one thread and millisecond."""
        head = "aWdfZAG1faXRlbToxOklHTWVzc2FnZAUlEOj"
        return f"{head}{thread[-24:]}ZD{at_ms:013d}{self._next():08d}{self.opaque(38)}ZD"

    def instagram_conversation(self, *, account: str, person: str) -> str:
        key = base64.b64encode(f"{account}:{person}".encode()).decode().rstrip("=")
        return f"aWdfZAG06MTpJR01lc3NhZA2VUaHJlYWQ6{key}ZD"

    def igsid(self) -> str:
        return self.digits(15)

    # X

    def snowflake(self, *, at_ms: int) -> str:
        serial = self._next()
        if self.near_limit:
            return str(_NEAR_LIMIT + serial)
        return str(((at_ms - X_EPOCH_MS) << 22) | (serial & 0x3FFFFF))

    def x_user(self) -> str:
        return str(1_500_000_000_000_000_000 + self._random.getrandbits(57))

    # LinkedIn

    def linkedin_message(self, *, at_ms: int) -> str:
        return (
            "2-"
            + base64.urlsafe_b64encode(f"{at_ms}b{self._next():06d}-{self.digits(3)}_100".encode()).decode()
        )

    def linkedin_thread(self) -> str:
        return "2-" + base64.urlsafe_b64encode(f"{self.uuid()}_100".encode()).decode()

    def linkedin_person(self) -> str:
        return f"urn:li:person:{self.opaque(4)}_{self.opaque(5)}"

    def linkedin_asset(self) -> str:
        return f"urn:li:digitalmediaAsset:C56{self.digits(2)}AQ{self.opaque(16)}"
