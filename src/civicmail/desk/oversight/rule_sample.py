"""What a rule would have acted on lately, counted while a person waits. Without Django.

The newest mail is counted first, for as long as a person may be expected to wait; the result states how far back it goes.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from civicmail.city.policy.engine import fits
from civicmail.city.policy.rules import Rule
from civicmail.desk.oversight.recorded_facts import Heads, RecordedFacts
from civicmail.desk.oversight.rule_replay import WIRE, department_of

SECONDS = 2.5


@dataclass(frozen=True, slots=True)
class Sample:
    """touched: messages that it would have acted on; looked: messages counted; since: ms, receipt of the oldest; whole: all of the
    days asked for; unknown: messages for which a check was unavailable, or that were not screened. days, departments: messages
    touched of each."""

    touched: int
    looked: int
    since: int
    whole: bool
    unknown: int = 0
    days: Counter[date] = field(default_factory=Counter)
    departments: Counter[str] = field(default_factory=Counter)


def count(data: Path, rule: Rule, *, first: int, now: int, day: Callable[[int], date], seconds: float = SECONDS) -> Sample:
    """first, now: ms; day: of a moment, in the city's time zone."""
    until = time.monotonic() + seconds
    touched = looked = unknown = 0
    since, whole = first, True
    days: Counter[date] = Counter()
    departments: Counter[str] = Counter()
    for recorded in Heads(data).newest(first, now):
        if recorded.source in WIRE:
            looked += 1
            answers = _answers(rule, recorded)
            if touching := {department for department, answer in answers if answer is True}:
                touched += 1
                days[day(recorded.received)] += 1
                departments.update(touching)
            unknown += not touching and any(isinstance(answer, frozenset) for _, answer in answers)
        if time.monotonic() >= until:
            since, whole = recorded.received, False
            break
    return Sample(touched, looked, since, whole, unknown, days, departments)


def _answers(rule: Rule, recorded: RecordedFacts) -> list[tuple[str, bool | frozenset[str]]]:
    """Of each copy: its department, and whether the rule fits it. Without recorded facts nobody knows."""
    if not recorded.facts:
        return [("", frozenset(("read",)))]
    if not rule.each_copy:
        answer = fits(rule, recorded.facts)
        return [(department_of(recorded, copy), answer) for copy in recorded.copies] or [("", answer)]
    return [(department_of(recorded, copy), fits(rule, {**recorded.facts, **copy.facts})) for copy in recorded.copies]
