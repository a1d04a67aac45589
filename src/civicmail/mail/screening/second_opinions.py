"""Second opinions: other filters are asked about mail from outside, and say a score and the names of their rules.

They are put together with our own (stacking.py) and never decide alone.
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
    """What one of them says; unavailable where it does not answer, or with something else. most: bytes of a message that it is
    asked about."""
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
    """A score with the one from which that program calls a message spam, and the names of its rules that said so."""
    findings = [Finding(check, "score", mask=f"{score:.2f} of {required:.2f}", version=version)]
    if symbols:
        findings.append(Finding(check, "symbols", mask=" ".join(symbols[:SYMBOLS])[:400], version=version))
    return CheckResult(tuple(findings), more={"score": score, "required": required})
