"""Decisions about compromised accounts, as a file: data/containment/decided (docs/formats.md, "Containment").

The city worker writes it from database rows; every process that accepts mail reads it and needs no database. Without the file
nothing is decided. An unreadable file changes nothing: the last decisions stay in force.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from civicmail.core.disk.published import Published

VERSION = 1


@dataclass(frozen=True, slots=True)
class ContainmentDecisions:
    """By sender (person's number, "service:ADDRESS", "relay:ADDRESS"). held: epoch ms since when everything is held; released:
    epoch ms of the last release; allowed: recipients per hour, and until when (epoch ms)."""

    held: Mapping[str, int] = field(default_factory=dict)
    released: Mapping[str, int] = field(default_factory=dict)
    allowed: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def allows(self, sender: str, now: int) -> int:
        most, until = self.allowed.get(sender, (0, 0))
        return most if now < until else 0


def _encode(decided: ContainmentDecisions) -> bytes:
    plain = {
        "v": VERSION,
        "held": decided.held,
        "released": decided.released,
        "allowed": {s: list(a) for s, a in decided.allowed.items()},
    }
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)


def _decode(content: bytes) -> ContainmentDecisions:
    plain = orjson.loads(content)
    if plain["v"] != VERSION:
        raise ValueError(f"decisions of format {plain['v']}")
    return ContainmentDecisions(
        dict(plain["held"]), dict(plain["released"]), {s: (a[0], a[1]) for s, a in plain["allowed"].items()}
    )


DECISIONS = Published("containment/decided", "the file of decisions about accounts", _encode, _decode)
UNDECIDED = ContainmentDecisions()
