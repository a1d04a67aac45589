"""The work of the simulated office workers, as plain data between processes."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import orjson


class WorkDone(NamedTuple):
    """asked: questions about files by manager (uid); waits: minutes of the day until the answer; done: counts of acts."""

    asked: Counter[str]
    waits: list[float]
    done: Counter[str]

    def encode(self) -> bytes:
        return orjson.dumps(self._asdict())

    @classmethod
    def decode(cls, content: bytes) -> WorkDone:
        """Raises ValueError for anything else than `encode` gave."""
        plain: dict[str, Any] = orjson.loads(content)
        return cls(Counter(plain["asked"]), plain["waits"], Counter(plain["done"]))
