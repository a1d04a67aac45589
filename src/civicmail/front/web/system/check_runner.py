"""Run the health checks in the background; pages show the last results with their time.

One run at a time for a data folder; a check that never ends delays only the next run. No Django.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from civicmail.core.config.clock import now_ms
from civicmail.core.config.log import get_logger
from civicmail.core.config.settings import Settings
from civicmail.front.checkup.checks import CHECKS, Check, run_check
from civicmail.front.checkup.findings import HOUR, Finding, Installation
from civicmail.mail.archive.reading import Archive

HOURS, DAYS = 24, 30
"""Hours and days of mail in the charts."""

log = get_logger()


@dataclass(frozen=True, slots=True)
class CheckResults:
    """at: ms when the last examination ended, 0 before the first; took: ms; kept: messages of each of the last hours, the oldest
    first, with the ms at which the hour began; daily: the same by days of the city; since, doing, done: of the examination that is
    under way, when it began, its check and how many it has made, 0 and "" without one."""

    findings: tuple[Finding, ...] = ()
    at: int = 0
    took: int = 0
    kept: tuple[tuple[int, int], ...] = ()
    daily: tuple[tuple[int, int], ...] = ()
    since: int = 0
    doing: str = ""
    done: int = 0

    @property
    def bad(self) -> tuple[Finding, ...]:
        """Findings that are not ok, problems first."""
        return tuple(f for level in ("problem", "warning") for f in self.findings if f.level == level)


@dataclass(slots=True)
class CheckRunner:
    """For one data folder. Thread-safe."""

    data: Path
    settings: Settings
    checks: Sequence[Check] = CHECKS
    clock: Callable[[], int] = now_ms
    _known: CheckResults = field(default_factory=CheckResults)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _thread: threading.Thread | None = None

    def last(self) -> CheckResults:
        """The last results; never waits."""
        return self._known

    def start(self) -> bool:
        """Begin an examination; False when one is under way."""
        with self._lock:
            if self._known.since:
                return False
            self._known = replace(self._known, since=self.clock())
            self._thread = threading.Thread(target=self._examine, name="checkup", daemon=True)
            self._thread.start()
        return True

    def wait(self, seconds: float) -> None:
        """Until the examination that is under way has ended, or so long."""
        if (thread := self._thread) is not None:
            thread.join(seconds)

    def _examine(self) -> None:
        began = self.clock()
        findings: list[Finding] = []
        kept: tuple[tuple[int, int], ...] = ()
        daily: tuple[tuple[int, int], ...] = ()
        try:
            site = Installation(self.data, self.settings, began)
            for done, check in enumerate(self.checks):
                self._known = replace(self._known, doing=check.__name__, done=done)
                findings += run_check(check, site)
            archive = Archive(self.data)
            kept, daily = by_hour(archive, began), by_day(archive, began, ZoneInfo(self.settings.city.time_zone))
        except Exception as error:  # noqa: BLE001 - a check with a bug is a finding: the page must not wait for ever
            log.error("an examination failed", check=self._known.doing, error=type(error).__name__)
            text = f"This check failed and those after it were not made: {type(error).__name__}."
            findings.append(
                Finding(self._known.doing, "problem", text, "Tell it with what the log says, and run: civicmail doctor")
            )
        ended = self.clock()
        self._known = CheckResults(tuple(findings), ended, ended - began, kept, daily)


def by_hour(archive: Archive, now: int) -> tuple[tuple[int, int], ...]:
    """Messages archived in each of the last hours, oldest first. now: epoch ms."""
    begins = [(now // HOUR - back) * HOUR for back in reversed(range(HOURS))]
    return tuple((at, archive.count_in(at, at + HOUR - 1)) for at in begins)


def by_day(archive: Archive, now: int, zone: ZoneInfo) -> tuple[tuple[int, int], ...]:
    """Messages archived on each of the last days of the city, oldest first; today's are those until now. now: epoch ms."""
    today = datetime.fromtimestamp(now / 1000, zone).date()
    midnights = [datetime.combine(today - timedelta(days=back), time.min, zone) for back in reversed(range(-1, DAYS))]
    begins = [int(midnight.timestamp() * 1000) for midnight in midnights]
    return tuple((at, archive.count_in(at, until - 1)) for at, until in pairwise(begins))


_examiners: dict[Path, CheckRunner] = {}
_making = threading.Lock()


def examiner(data: Path, settings: Settings) -> CheckRunner:
    """The runner of this process for a data folder."""
    with _making:
        if data not in _examiners:
            _examiners[data] = CheckRunner(data, settings)
        return _examiners[data]
