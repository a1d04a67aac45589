"""Forecast the approvals of a department from the recorded facts of sent mail, never from its bytes (P-22). Knows no Django.

A message with files to people outside is one request, however many recipients it has. Mail from before the check existed counts
by its number of files, which is rather too many than too few. Pure but for the archive.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import islice

from civicmail.city.guard.working_days import SATURDAY
from civicmail.desk.oversight.recorded_facts import RecordedFacts

DAYS = 28
MAX_READ = 20_000
"""Maximum number of messages counted: in a large city the newest days represent all."""
ENTRY_POINTS = frozenset({"submission", "relay"})
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Forecast:
    """questions: by code of the department; days: working days; read: messages counted."""

    questions: Counter[str] = field(default_factory=Counter)
    days: int = 0
    read: int = 0

    def tenths(self, department: str) -> int:
        """Requests of one manager on a working day, in tenths; 0 without a day."""
        return -(-10 * self.questions[department] // self.days) if self.days else 0


def forecast(newest: Iterable[RecordedFacts], now: int, holidays: Collection[date]) -> Forecast:
    """newest: captures of the last DAYS days, newest first. now: ms."""
    questions: Counter[str] = Counter()
    read, earliest = 0, now - DAYS * DAY_MS
    for recorded in islice(newest, MAX_READ + 1):
        if read == MAX_READ:
            earliest = recorded.received
            break
        read += 1
        department = str(recorded.facts.get("sender.department", ""))
        if department and needs_approval(recorded):
            questions[department] += 1
    return Forecast(questions, _working(earliest, now, holidays), read)


def needs_approval(recorded: RecordedFacts) -> bool:
    """Whether this message would have needed a manager's approval."""
    facts = recorded.facts
    if recorded.source not in ENTRY_POINTS or facts.get("inbound") is True or facts.get("sender.machine") is True:
        return False
    files = facts.get("files.leaving") or facts.get("files.count")
    outside = [copy for copy in recorded.copies if copy.facts.get("outbound") is True]
    return bool(files) and any(not copy.facts.get("recipient.approved") for copy in outside)


def _working(first: int, last: int, holidays: Collection[date]) -> int:
    day, end = datetime.fromtimestamp(first / 1000, UTC).date(), datetime.fromtimestamp(last / 1000, UTC).date()
    days = 0
    while day < end:
        days += day.weekday() < SATURDAY and day not in holidays
        day += timedelta(days=1)
    return max(days, 1)
