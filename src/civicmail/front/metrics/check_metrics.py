"""Metrics of the health checks: problems and warnings by check, certificate expiry.

The text of a finding may name a person, so metrics have only the names of checks; `civicmail doctor` and the health page have
the text.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from civicmail.core.config.settings import Settings
from civicmail.core.disk.metrics import Values
from civicmail.front.checkup.certificates import expiries
from civicmail.front.checkup.checks import run_checks
from civicmail.front.checkup.findings import MINUTE, Finding, Installation

STALE = 5 * MINUTE
"""ms after which the result is too old; a run takes seconds and starts every minute."""


class CheckMetrics:
    """For one installation. Not thread-safe, except `health`."""

    def __init__(self, settings: Settings, data: Path) -> None:
        self._settings = settings
        self._data = data
        self._seen: tuple[int, list[Finding]] | None = None

    def values(self, now: int) -> Values:
        """Look at everything. now: ms. Takes seconds."""
        findings = list(run_checks(Installation(self._data, self._settings, now)))
        self._seen = now, findings
        problems = Counter(finding.check for finding in findings if finding.level == "problem")
        warnings = Counter(finding.check for finding in findings if finding.level == "warning")
        values: Values = {}
        for check in dict.fromkeys(finding.check for finding in findings):
            values["civicmail_check_problems", (check,)] = problems[check]
            values["civicmail_check_warnings", (check,)] = warnings[check]
        for what, end in expiries(self._settings).items():
            if isinstance(end, int):
                values["civicmail_certificate_end_timestamp_seconds", (what,)] = end / 1000
        return values

    def health(self, now: int) -> tuple[bool, dict[str, Any]]:
        """Whether all is well, and the failing checks. False before the first run and when the last is too old."""
        if self._seen is None:
            return False, {"status": "starting", "at": None, "problems": [], "warnings": []}
        at, findings = self._seen
        named = {
            f"{level}s": sorted({finding.check for finding in findings if finding.level == level})
            for level in ("problem", "warning")
        }
        status = "problem" if named["problems"] else "stale" if abs(now - at) > STALE else "ok"
        return status == "ok", {"status": status, "at": at / 1000, **named}
