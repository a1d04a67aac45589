"""Evaluate DMARC (RFC 9989): whether the domain of the From field authenticated this message, and the policy that it requests.

The organizational domain is found by walking up the DNS tree (4.10), not from a list. pct= is gone, and t= relaxes the policy by
one step (4.7).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from civicmail.mail.screening import tags
from civicmail.mail.screening.domains import is_domain, is_within
from civicmail.mail.screening.resolver import Kind, Resolver, TemporaryFailure, is_name

Result = Literal["pass", "fail", "none", "temperror", "permerror"]
Policy = Literal["none", "quarantine", "reject"]

MAX_LABELS = 8
"""Labels of a name from which the walk asks for all; of longer ones it leaves those in the middle out (4.10)."""
_PLACES: tuple[Kind, ...] = ("A", "AAAA", "MX")
_POLICIES = ("none", "quarantine", "reject")
_URI = re.compile(r"(?:mailto:[^@\s!]+@[^\s!]+|(?!mailto:)[a-z][a-z0-9+.-]*:[^\s!]+)(?:\s*!\s*[0-9]+\s*[kmgt]?)?")
_MILDER: dict[Policy, Policy] = {"reject": "quarantine", "quarantine": "none", "none": "none"}


@dataclass(frozen=True, slots=True)
class Record:
    """A published policy (4.7). p, sp, np: None when absent or invalid; strict_dkim, strict_spf: adkim=s and aspf=s; psd: y, n or
    u; testing: t=y; broken: p, sp or np is invalid; reports: rua has a usable address; flawed: invalid tags were left out, which
    not every receiver does (4.8)."""

    domain: str
    p: Policy | None = None
    sp: Policy | None = None
    np: Policy | None = None
    strict_dkim: bool = False
    strict_spf: bool = False
    psd: Literal["y", "n", "u"] = "u"
    testing: bool = False
    broken: bool = False
    reports: bool = False
    flawed: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """policy: the one that applies, with t= considered; published: by which domain; organizational: of the author's domain; by:
    the domain and method that aligned ("dkim example.net"); why: in words."""

    result: Result
    domain: str = ""
    policy: Policy = "none"
    published: str = ""
    organizational: str = ""
    by: str = ""
    why: str = ""
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Proof:
    """A domain that authenticated the message, and by which method."""

    method: Literal["dkim", "spf"]
    domain: str


def read_record(text: str, domain: str) -> Record | None:
    """Parse a TXT record; None unless it begins with v=DMARC1. Unknown and invalid tags are ignored (4.8)."""
    fields, flawed = tags.salvaged(text)
    if next(iter(fields), "") != "v" or fields["v"] != "DMARC1" or text.partition("=")[0].strip(" \t").lower() != "v":
        return None
    lower = {name: value.lower() for name, value in fields.items()}
    policies = {name: _policy(lower[name]) for name in ("p", "sp", "np") if name in lower}
    return Record(
        domain=domain,
        p=policies.get("p"),
        sp=policies.get("sp"),
        np=policies.get("np"),
        strict_dkim=lower.get("adkim") == "s",
        strict_spf=lower.get("aspf") == "s",
        psd=cast(Literal["y", "n", "u"], lower["psd"]) if lower.get("psd") in ("y", "n") else "u",
        testing=lower.get("t") == "y",
        broken="p" not in policies or None in policies.values(),
        reports=any(_URI.fullmatch(uri.strip()) for uri in lower.get("rua", "").split(",")),
        flawed=flawed,
    )


def _policy(text: str) -> Policy | None:
    return cast(Policy, text) if text in _POLICIES else None


def targets(domain: str) -> list[str]:
    """The names to query, from the domain upward: at most eight (4.10)."""
    labels = domain.split(".")
    above = labels[1:] if len(labels) < MAX_LABELS else labels[-(MAX_LABELS - 1) :]
    return [domain, *(".".join(above[at:]) for at in range(len(above)))]


class Walk:
    """The records above the domains of one message. Each name is queried once."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._records: dict[str, Record | None] = {}

    async def at(self, domain: str) -> Record | None:
        """The record of one domain; several records count as none (4.10, steps 2 and 7)."""
        if domain not in self._records:
            name = f"_dmarc.{domain}"
            answer = await self._resolver.ask(name, "TXT") if is_name(name) else None
            records = [record for text in (answer.values if answer else ()) if (record := read_record(text, domain)) is not None]
            self._records[domain] = records[0] if len(records) == 1 else None
        return self._records[domain]

    async def up(self, domain: str) -> list[Record]:
        """The records from the domain up to the first with psd=y or psd=n."""
        records: list[Record] = []
        for target in targets(domain):
            if (record := await self.at(target)) is not None:
                records.append(record)
                if record.psd != "u":
                    break
        return records

    async def organizational(self, domain: str) -> str:
        return organizational(domain, await self.up(domain))


def organizational(domain: str, records: Sequence[Record]) -> str:
    """The organizational domain, from the records above a domain (4.10.2)."""
    for record in records:
        if record.psd == "n":
            return record.domain
        if record.psd == "y" and record.domain != domain:
            below = len(domain.split(".")) - len(record.domain.split(".")) - 1
            return domain.split(".", below)[-1]
    return records[-1].domain if records else domain


def applied(domain: str, records: Sequence[Record]) -> Record | None:
    """The record that applies to an author's domain: its own, else its organization's, else the public suffix's (4.10.1)."""
    by_domain = {record.domain: record for record in records}
    suffix = next((record for record in records if record.psd == "y"), None)
    return by_domain.get(domain) or by_domain.get(organizational(domain, records)) or suffix


async def decide(resolver: Resolver, domain: str, proofs: Iterable[Proof], *, seconds: float) -> Verdict:
    """Evaluate a message with one author at `domain` (A-labels). seconds: for all queries."""
    if not is_domain(domain):
        return Verdict("permerror", domain, why="the From field names no domain")
    try:
        async with asyncio.timeout(seconds):
            return await _decide(Walk(resolver), resolver, domain, tuple(proofs))
    except TimeoutError:
        return Verdict("temperror", domain, why="no answer in time")
    except TemporaryFailure as error:
        return Verdict("temperror", domain, why=error.why, ours=error.ours)


async def _decide(walk: Walk, resolver: Resolver, domain: str, proofs: tuple[Proof, ...]) -> Verdict:
    first = await walk.at(domain)
    exact = next((proof for proof in proofs if proof.domain == domain), None)
    if first is not None and not first.broken and exact is not None:  # what lies above changes nothing, so nobody is asked
        return Verdict("pass", domain, await _requested_policy(resolver, domain, first), domain, by=f"{exact.method} {domain}")
    records = await walk.up(domain)
    record = applied(domain, records)
    own = organizational(domain, records)
    if record is None or (record.broken and not record.reports):
        why = "no policy is published" if record is None else "its policy cannot be read"
        return Verdict("none", domain, organizational=own, why=why)
    policy = await _requested_policy(resolver, domain, record)
    for proof in proofs:
        strict = record.strict_dkim if proof.method == "dkim" else record.strict_spf
        if proof.domain == domain or (not strict and await aligned(walk, own, proof.domain)):
            return Verdict("pass", domain, policy, record.domain, own, f"{proof.method} {proof.domain}")
    return Verdict("fail", domain, policy, record.domain, own, why="nothing that holds is of its organization")


async def aligned(walk: Walk, own: str, domain: str) -> bool:
    """Whether a domain is in the same organization (relaxed alignment, 4.4). own: an organizational domain."""
    return is_within(domain, own) and await walk.organizational(domain) == own


async def _requested_policy(resolver: Resolver, domain: str, record: Record) -> Policy:
    """The requested policy (4.7): np= for a name that does not exist, sp= for a subdomain, else p=."""
    if record.broken:
        return "none"  # it has somebody who is told of it (4.10.1)
    policy = record.p or "none"
    if domain != record.domain:
        policy = record.sp or policy
        if record.np is not None and await _is_nowhere(resolver, domain):
            policy = record.np
    return _MILDER[policy] if record.testing else policy


async def _is_nowhere(resolver: Resolver, domain: str) -> bool:
    """Whether a name has neither addresses nor a mail server (3.2.13)."""
    for kind in _PLACES:
        if (await resolver.ask(domain, kind)).values:
            return False
    return True
