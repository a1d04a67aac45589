"""Second opinions: ask other filters about mail from outside, and record their score and matched rules.

They are combined with our own score (stacking.py) and never decide alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from civicmail.city.policy.dispositions import Finding
from civicmail.mail.screening.filter_client import Program, Unanswered
from civicmail.mail.screening.shapes import NOTHING, CheckResult, NetworkCase, unavailable

SYMBOLS = 8


async def second_opinion(
    case: NetworkCase, check: str, version: int, most: int, ask: Callable[[Program], Awaitable[CheckResult]]
) -> CheckResult:
    """Ask one filter. It is unavailable when it does not answer, or not as expected. most: largest message it is asked about, in
    bytes."""
    if not case.inbound or len(case.raw) > most:
        return NOTHING
    program: Program | None = case.context.tools.get(check)
    if program is None:
        return unavailable(check, "refused", version)
    try:
        return await ask(program)
    except Unanswered as error:
        return unavailable(check, str(error), version)
    except (ValueError, KeyError, TypeError, AttributeError):
        return unavailable(check, "broken", version)


def opinion(check: str, version: int, score: float, required: float, symbols: list[str]) -> CheckResult:
    """A result with the score, the filter's own threshold and its strongest rules."""
    findings = [Finding(check, "score", mask=f"{score:.2f} of {required:.2f}", version=version)]
    if symbols:
        findings.append(Finding(check, "symbols", mask=" ".join(symbols[:SYMBOLS])[:400], version=version))
    return CheckResult(tuple(findings), more={"score": score, "required": required})
