"""Count the recent messages that an emergency rule would have stopped, while its officer waits. Without Django.

The newest mail is counted first, for as long as a person may be expected to wait; the result states how far back it goes.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from civicmail.city.policy.engine import fits
from civicmail.desk.oversight import emergencies, rule_text
from civicmail.desk.oversight.recorded_facts import Heads
from civicmail.desk.oversight.rule_replay import WIRE

DAYS = 7
SECONDS = 2.5


@dataclass(frozen=True, slots=True)
class Counted:
    """touched: messages that it would have stopped; looked: messages counted; since: ms, receipt of the oldest; whole: all of
    the last seven days; unknown: messages without screening."""

    touched: int
    looked: int
    since: int
    whole: bool
    unknown: int = 0


def count(data: Path, kind: str, value: str, do: str, now: int, *, screened: bool, seconds: float = SECONDS) -> Counted:
    """kind, value, do: of the rule, cleaned; now: ms; screened: whether content is screened."""
    first = now - DAYS * 86_400_000
    rule = rule_text.parse_rules(emergencies.text(0, kind, value, do, "counted", now, screened=screened)).rules[0]
    until = time.monotonic() + seconds
    touched = looked = unknown = 0
    since = now
    for recorded in Heads(data).newest(first, now):
        if recorded.source in WIRE:
            looked += 1
            answer = fits(rule, recorded.facts) if recorded.facts else frozenset(("read",))
            touched += answer is True
            unknown += isinstance(answer, frozenset)
        since = recorded.received
        if time.monotonic() >= until:
            return Counted(touched, looked, since, False, unknown)
    return Counted(touched, looked, first, True, unknown)
