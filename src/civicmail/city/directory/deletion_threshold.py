"""Thresholds at which a personnel list stops for a person: it would end, move or rename too many at once (L7). Pure.

A wrong list need not leave anybody out: a last day in every line ends everybody next week.
A shifted column moves everybody, which ends their access after the overlap, or gives them a neighbor's name.
Each of these stops the list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Protocol

from civicmail.city.directory.feed_diff import DELETION_RATIO, FeedResult, Known

SOON = timedelta(days=31)
"""A last day within this time is an ending that only comes later."""
CHANGE_RATIO = 10
"""A list that would move or rename more than one in so many people (10 %), and more than MIN_PEOPLE, stops."""
MIN_PEOPLE = 5
MONTHLY_RATIO = 20
"""Endings that come one by one and are more than one in so many people (5 %) within thirty days stop and ask, however few a day."""
SINGLE_LEAVER_RATIO = 1000
"""Leavers within an hour, or within a day, of at most one in so many people (0.1 %) are single ones."""
SINGLE_LEAVER_MONTHLY_RATIO = 100
"""So many people for each single leaver within thirty days (1 %), where it is more than a handful: else they are a mass in small
coin."""
WATCHED_CHANGES = (
    ("move", frozenset({"department"})),
    ("rename", frozenset({"family", "given"})),
    ("change the kind of", frozenset({"kind"})),
    ("change the address of", frozenset({"address"})),
)
"""Changes that are suspicious in large numbers, and their columns."""


def reasons_to_stop(lines: Sequence[FeedResult], known: Mapping[str, Known], today: date) -> str:
    """The sentences why a list is held, "" where it is not."""
    people = sum(k.open for k in known.values())
    ended = sum(line.did == "ended" for line in lines)
    soon = sum(_ends_soon(line, today) for line in lines)
    sentences = []
    if (ended + soon) * DELETION_RATIO > people and ended + soon:
        later = f" ({soon} of them by a last day that is near)" if soon else ""
        sentences.append(f"It would end {_persons(ended + soon)}{later}, more than 2 %.")
    for what, names in WATCHED_CHANGES:
        count = sum(line.did == "changed" and not names.isdisjoint(line.changes) for line in lines)
        if count > MIN_PEOPLE and count * CHANGE_RATIO > people:
            sentences.append(f"It would {what} {_persons(count)}, more than 10 %.")
    return " ".join(sentences)


def is_one_too_many(ended: int, people: int) -> bool:
    """Whether one more ending exceeds the threshold after so many single ones within a day; people: number working for the city
    before that. The first one never does, because in a small city each person is more than 2 %."""
    return ended > 0 and (ended + 1) * DELETION_RATIO > people


def is_too_many_in_a_month(ended: int, people: int) -> bool:
    """The same within thirty days, because small daily numbers add up."""
    return ended >= MIN_PEOPLE and (ended + 1) * MONTHLY_RATIO > people


def is_single_leaver(within_hour: int, day: int, month: int, people: int) -> bool:
    """Whether one more leaver loses access at once, even while an officer must decide on a list (P-08, P-09). within_hour: other
    leavers within an hour, applied or not; day, month: single ones within 24 hours and thirty days. The first always is."""
    few = all(n == 0 or (n + 1) * SINGLE_LEAVER_RATIO <= people for n in (within_hour, day))
    return few and (month < MIN_PEOPLE or (month + 1) * SINGLE_LEAVER_MONTHLY_RATIO <= people)


def is_changed_too_often(changed: int, people: int) -> bool:
    """The same for one more person who is moved, renamed or of another kind."""
    return changed >= MIN_PEOPLE and (changed + 1) * CHANGE_RATIO > people


class AnyLine(Protocol):
    """A line, here or in the database."""

    did: str


def counted(lines: Sequence[AnyLine]) -> int:
    """The number that an officer confirms before a stopped list is applied: of ended people, else of changed ones."""
    return sum(line.did == "ended" for line in lines) or sum(line.did == "changed" for line in lines)


def _ends_soon(line: FeedResult, today: date) -> bool:
    if line.did != "changed" or "ends" not in line.changes:
        return False
    before, after = line.changes["ends"]
    return bool(after) and date.fromisoformat(after) <= today + SOON and (not before or after < before)


def _persons(count: int) -> str:
    return f"{count} {'person' if count == 1 else 'people'}"
