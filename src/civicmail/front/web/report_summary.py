"""What stands out in the report of a department, in sentences (P-28). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

CHANGE = 0.25
"""A share by which a number must differ from another one to be told as different."""
LEAST_HOURS = 0.5
LEAST_COUNT = 3
"""Differences below these are chance."""


@dataclass(frozen=True, slots=True)
class Month:
    """Numbers of one month. hours: how long files waited for a decision on average, None without any; releases: requests to
    release mail."""

    hours: float | None
    releases: int


def sentences(
    name: str,
    before: str,
    this: Month,
    last: Month,
    other: float | None,
    violations: int,
    owing: int,
    *,
    than: str = "the city’s median",
) -> Iterator[str]:
    """Yield what a head must know, nothing where all is as usual. name, before: of the month and the one before; other: hours of
    what it is compared with, than: its words; violations: open now; owing: people who have not accepted the policy in time."""
    if this.hours is not None:
        beside = [_than(this.hours, last.hours, f"in {before}"), _than(this.hours, other, than)]
        if told := " and ".join(part for part in beside if part):
            yield f"In {name} files waited {this.hours:.1f} hours for a decision on average, {told}."
    if abs(this.releases - last.releases) >= max(LEAST_COUNT, CHANGE * last.releases):
        requests = "request" if this.releases == 1 else "requests"
        yield f"{this.releases:,} {requests} to release mail came in {name}, {last.releases:,} in {before}."
    if violations:
        yield f"{violations:,} {'violation is' if violations == 1 else 'violations are'} open."
    if owing:
        yield f"{owing:,} {'person has' if owing == 1 else 'people have'} not accepted the policy in time and cannot send."


def _than(hours: float, other: float | None, what: str) -> str:
    if other is None or abs(hours - other) < max(LEAST_HOURS, CHANGE * other):
        return ""
    return f"{'longer' if hours > other else 'less'} than {what} ({other:.1f})"
