"""Verify ARC chains (RFC 8617), and tell what the last trusted sealer found."""

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
    """sealer: domain of the last seal; sets: number of ARC sets; why: reason in words."""

    result: Result
    sealer: str = ""
    sets: int = 0
    why: str = ""
    ours: bool = False


async def verify(resolver: Resolver, signed: Signed, *, seconds: float) -> Verdict:
    """Verify the chain (RFC 8617 5.2). seconds: for all key lookups together."""
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
    """The trusted sealer who reports that a message of this domain passed DMARC; "" for none.

    Only the last sealer of a valid chain is trusted: a sealer can invent every set before its own. So all sealers after the one
    that reports the pass must be trusted, too.
    """
    if verdict.result != "pass" or not domain:
        return ""
    for one in reversed(signed.sets):
        if not any(is_within(one.seal.domain, sealer.lower()) for sealer in sealers):
            return ""
        match = _DMARC_PASS.search(plain(one.results))
        if match and match[1].lower().rstrip(".") == domain:
            return one.seal.domain
    return ""
