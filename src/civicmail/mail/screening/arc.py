"""ARC (RFC 8617): is the chain of those who forwarded a message whole, and what did the last one of them that we believe find?"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from civicmail.mail.screening import dkim
from civicmail.mail.screening.authentication_results import plain
from civicmail.mail.screening.domains import is_within
from civicmail.mail.screening.resolver import Resolver
from civicmail.mail.screening.signatures import Signed

Result = Literal["pass", "fail", "none", "temperror"]

_DMARC_PASS = re.compile(r";\s*dmarc\s*=\s*pass\b[^;]*?\bheader\.from\s*=\s*([^\s;()]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """sealer: the domain of the last seal; sets: how many; why: in words."""

    result: Result
    sealer: str = ""
    sets: int = 0
    why: str = ""
    ours: bool = False


async def verify(resolver: Resolver, signed: Signed, *, seconds: float) -> Verdict:
    """Decide about the chain (RFC 8617 5.2). seconds: for all keys together."""
    sets = signed.sets
    if signed.chain:
        return Verdict("fail", why=signed.chain)
    if not sets:
        return Verdict("none")
    last = sets[-1]
    sealer, count = last.seal.domain, len(sets)
    for number, one in enumerate(sets, 1):
        if one.seal.wrong:
            return Verdict("fail", sealer, count, f"seal {number}: {one.seal.wrong}")
    if last.message.wrong:
        return Verdict("fail", sealer, count, last.message.wrong)
    until = asyncio.get_running_loop().time() + seconds
    for signature in (last.message, *(one.seal for one in reversed(sets))):  # one question at a time: fifty of a stranger's
        verdict = await dkim.holds(resolver, signature, until)  # hung at once would leave no room for other people's
        if verdict.result == "temperror":
            return Verdict("temperror", sealer, count, verdict.why, verdict.ours)
        if verdict.result != "pass":
            return Verdict("fail", sealer, count, f"{verdict.signature.domain}: {verdict.why}")
    return Verdict("pass", sealer, count)


def vouched(signed: Signed, verdict: Verdict, sealers: Collection[str], domain: str) -> str:
    """The sealer that we believe and that says that a message of this domain had passed DMARC; "" where none does.

    Believed is the last of a chain that holds: whoever is before it may have been made up by the one after it, so all after the one
    that speaks must be believed, too."""
    if verdict.result != "pass" or not domain:
        return ""
    for one in reversed(signed.sets):
        if not any(is_within(one.seal.domain, sealer.lower()) for sealer in sealers):
            return ""
        match = _DMARC_PASS.search(plain(one.results))
        if match and match[1].lower().rstrip(".") == domain:
            return one.seal.domain
    return ""
