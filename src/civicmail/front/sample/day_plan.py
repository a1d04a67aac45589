"""The plan of a simulated day: what is due when. Pure.

P-01: 125,000 messages among 6,200 people and 115,000 with the outside; P-02: 85 % of incoming mail is junk. The figures can be
read in two ways; the city must manage both.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from random import Random
from typing import Literal, NamedTuple

Kind = Literal["inside", "outward", "inward", "junk"]
HOURS = 24


class Load(NamedTuple):
    """Messages of a day by direction; junk: unwanted mail from outside."""

    inside: int
    outward: int
    inward: int
    junk: int

    @property
    def total(self) -> int:
        return sum(self)

    def part(self, share: float) -> Load:
        return Load(*(round(count * share) for count in self))


READINGS: dict[str, Load] = {
    "together": Load(inside=125_000, outward=38_000, inward=11_550, junk=65_450),
    "besides": Load(inside=125_000, outward=38_000, inward=77_000, junk=651_667),
}
"""together: 240,000 with the junk among them; besides: 240,000 good ones, and the junk on top: 15 % of all that is offered from
outside is good where all of the 115,000 came in, which makes 891,667 offered in all."""

OFFICE = (2, 2, 2, 2, 3, 5, 12, 40, 98, 138, 150, 132, 90, 110, 135, 122, 90, 48, 20, 12, 9, 7, 5, 3)
"""How good mail spreads over the hours of a working day: the busiest has an eighth, ten a second where 240,000 are good."""
ALWAYS = (4,) * 7 + (5,) * 10 + (4,) * 7
"""How junk does: it never sleeps."""


def due(load: Load, seconds: float, random: Random) -> Iterator[tuple[float, Kind]]:
    """Each message with its time in seconds, in order, for a day of that length."""
    kinds: tuple[Kind, ...] = ("inside", "outward", "inward", "junk")
    ways = [_way(kind, count, seconds, random) for kind, count in zip(kinds, load, strict=True)]
    return heapq.merge(*ways)


def _way(kind: Kind, count: int, seconds: float, random: Random) -> Iterator[tuple[float, Kind]]:
    shares = ALWAYS if kind == "junk" else OFFICE
    hour, total, sent, before = seconds / HOURS, sum(shares), 0, 0
    for number, share in enumerate(shares):
        before += share
        now = round(count * before / total) - sent  # what is left over by rounding comes an hour later
        sent += now
        yield from sorted((hour * (number + random.random()), kind) for _ in range(now))
