"""The combined check for scores of other filters: fact spam.others, 500 where a filter would call the message spam."""

from __future__ import annotations

from civicmail.mail.screening.shapes import NOTHING, CheckResult, CombinedCase
from civicmail.mail.screening.spam import OTHERS

NAME = "others"
VERSION = 1
CHECKS = ("rspamd",)
"""The name of city/policy/facts.py that this check stands for."""


def find(case: CombinedCase) -> CheckResult:
    scores = [_of(case.more[name]["score"], case.more[name]["required"]) for name in OTHERS if "score" in case.more.get(name, {})]
    return CheckResult(facts={"spam.others": max(scores)}) if any(scores) else NOTHING


def _of(score: float, required: float) -> int:
    return max(0, min(1000, round(500 * score / required))) if required > 0 else 0
