"""Merge the results of checks: a later fact replaces an earlier one, and unavailable checks add up. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from civicmail.city.policy.dispositions import UNAVAILABLE, FactValue, Finding
from civicmail.mail.screening.enabled_checks import names_of
from civicmail.mail.screening.shapes import CheckResult

COSTS = "costs"
"""Key of ExtractedMessage.more: {check: [version, microseconds]}."""
MADE = "made"
"""Code of the one finding of SCREENING: its mask lists every check with version and cost."""
SCREENING = "screening"


class MergedResults:
    """costs: by check, its version and microseconds."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.facts: dict[str, FactValue] = {}
        self.more: dict[str, Mapping[str, Any]] = {}
        self.costs: dict[str, list[int]] = {}
        self.recipients: dict[str, dict[str, FactValue]] = {}

    def add(self, result: CheckResult, check: str = "", version: int = 0, cost: int = 0) -> None:
        """Add a result. check: its name when its version and cost (microseconds) are recorded."""
        findings = list(result.findings)
        if findings and cost and not any(finding.cost for finding in findings):
            findings[0] = replace(findings[0], cost=cost)
        self.findings += findings
        for name, value in result.facts.items():
            known = self.facts.get(name)
            if name == UNAVAILABLE and isinstance(known, tuple) and isinstance(value, tuple):
                value = tuple(dict.fromkeys(known + value))
            self.facts[name] = value
        for address, facts in result.more.get("recipients", {}).items():
            self.recipients.setdefault(address, {}).update(facts)
        if check:
            self.costs[check] = [version, cost + self.costs.get(check, [0, 0])[1]]  # one in two halves, before and after the pipe
            if result.more:
                self.more[check] = result.more

    def summary(self) -> Finding:
        """One finding that lists the checks that ran."""
        mask = " ".join(f"{check}/{version}:{cost}" for check, (version, cost) in self.costs.items())
        return Finding(SCREENING, MADE, mask=mask, cost=sum(cost for _, cost in self.costs.values()))


def failed_result(check: Any, why: str) -> CheckResult:
    """The result of a check that could not run: every name that it stands for is unavailable. why: one or two words."""
    return all_unavailable(names_of(check), why, check.VERSION)


def all_unavailable(names: Iterable[str], why: str, version: int = 0) -> CheckResult:
    names = tuple(names)
    return CheckResult(tuple(Finding(name, UNAVAILABLE, mask=why, version=version) for name in names), {UNAVAILABLE: names})
