"""Why a list is not done without a person: it would end, move or rename too many at once (L7). Pure.

A list can lie without leaving anybody out: a last day in every line ends everybody next week, a shifted column moves everybody and
with that ends their access after the overlap, or gives them the name of their neighbour. All of it stops and asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Protocol

from civicmail.city.directory.feeddiff import BRAKE, Known, Line

SOON = timedelta(days=31)
"""A last day within this time is an ending that only comes later."""
CHANGED = 10
"""A list that would move or rename more than one in so many people (10 %) stops and asks, where it is more than a handful."""
HANDFUL = 5
MONTHLY = 20
"""Endings that come one by one and are more than one in so many people (5 %) within thirty days stop and ask, however few a day."""
ALONE = 1000
"""Leavers told within an hour, or within a day, who are at most one in so many people (0.1 %) are single ones, not a mass."""
ALONE_MONTHLY = 100
"""So many people for each single leaver within thirty days (1 %), where it is more than a handful: else they are a mass in small
coin."""
LARGE = (
    ("move", frozenset({"department"})),
    ("rename", frozenset({"family", "given"})),
    ("change the kind of", frozenset({"kind"})),
    ("change the address of", frozenset({"address"})),
)
"""What is a lie where it is said of many, and the columns by which it is said."""


def held(lines: Sequence[Line], known: Mapping[str, Known], today: date) -> str:
    """The sentences why a list is held, "" where it is not."""
    people = sum(k.open for k in known.values())
    ended = sum(line.did == "ended" for line in lines)
    soon = sum(_ends_soon(line, today) for line in lines)
    sentences = []
    if (ended + soon) * BRAKE > people and ended + soon:
        later = f" ({soon} of them by a last day that is near)" if soon else ""
        sentences.append(f"It would end {_persons(ended + soon)}{later}, more than 2 %.")
    for what, names in LARGE:
        count = sum(line.did == "changed" and not names.isdisjoint(line.changes) for line in lines)
        if count > HANDFUL and count * CHANGED > people:
            sentences.append(f"It would {what} {_persons(count)}, more than 10 %.")
    return " ".join(sentences)


def is_one_too_many(ended: int, people: int) -> bool:
    """Whether one more ending is one too many, where so many came one by one within a day; people: who worked for the city before
    that. The first one never is: in a small city each person is more than 2 %."""
    return ended > 0 and (ended + 1) * BRAKE > people


def is_too_many_in_a_month(ended: int, people: int) -> bool:
    """The same of thirty days: what stays below the brake every day is a mass all the same."""
    return ended >= HANDFUL and (ended + 1) * MONTHLY > people


def is_alone(within_hour: int, day: int, month: int, people: int) -> bool:
    """Whether one more leaver is a single one, who loses access at once whatever else waits for an officer (P-08, P-09). told:
    other leavers told within an hour, done or not; day, month: those let through as single ones within 24 hours and thirty days.
    The first always is."""
    few = all(n == 0 or (n + 1) * ALONE <= people for n in (within_hour, day))
    return few and (month < HANDFUL or (month + 1) * ALONE_MONTHLY <= people)


def is_changed_too_often(changed: int, people: int) -> bool:
    """The same of one more who is moved, renamed or of another kind."""
    return changed >= HANDFUL and (changed + 1) * CHANGED > people


class Did(Protocol):
    """A line, here or in the database."""

    did: str


def counted(lines: Sequence[Did]) -> int:
    """The number that somebody has to look at before a held list is done: of the ended, else of the changed."""
    return sum(line.did == "ended" for line in lines) or sum(line.did == "changed" for line in lines)


def _ends_soon(line: Line, today: date) -> bool:
    if line.did != "changed" or "ends" not in line.changes:
        return False
    before, after = line.changes["ends"]
    return bool(after) and date.fromisoformat(after) <= today + SOON and (not before or after < before)


def _persons(count: int) -> str:
    return f"{count} {'person' if count == 1 else 'people'}"
