"""Authenticate the sender of mail from outside: SPF, DKIM, ARC and DMARC (P-26).

A network check: it queries DNS and verifies digests. The sandboxed reader has parsed the signatures (signatures.py). Mail from
this machine is not queried, but must not use the city's name without proof either.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from civicmail.city.policy.dispositions import UNAVAILABLE, FactValue, Finding
from civicmail.mail.screening import arc, dkim, dmarc, domain_spoofing, nameserver, senderfields, signatures, spf
from civicmail.mail.screening.domain_spoofing import Proof, Spoofing
from civicmail.mail.screening.domains import a_labels, is_within
from civicmail.mail.screening.origin import Origin, edge_says, origin
from civicmail.mail.screening.resolver import Resolver
from civicmail.mail.screening.senderfields import Senders
from civicmail.mail.screening.shapes import NOTHING, CheckResult, NetworkCase
from civicmail.mail.screening.signatures import Signed

NAME = "authentication"
VERSION = 1
CHECKS = ("spf", "dkim", "dmarc")

open_ = nameserver.open_
"""CheckContext.tools["authentication"]: a Resolver."""

_SHARE = 0.4  # of a message's seconds, for each of the two rounds of questions
_MAX_SECONDS = 8.0
_FIELD = "authentication-results"
_NO_CHAIN, _NO_POLICY = arc.Verdict("none"), dmarc.Verdict("none")


@dataclass(frozen=True, slots=True)
class Verdicts:
    """All results for one message. vouched: the trusted sealer who reports that DMARC passed."""

    spf: spf.Verdict | None = None
    dkim: tuple[dkim.Verdict, ...] = ()
    arc: arc.Verdict = _NO_CHAIN
    dmarc: dmarc.Verdict = _NO_POLICY
    vouched: str = ""


async def find(case: NetworkCase) -> CheckResult:
    """The network check."""
    if not case.inbound:
        return NOTHING
    signed, senders = await _signed(case)
    authors = signed.from_ if signed is not None else tuple(_authors(case))
    source = origin(case.envelope, case.context.settings)
    claims = domain_spoofing.claims(senders, authors, case.envelope.sender, case.context.domains)
    if source.where == "here":
        claimed = domain_spoofing.judge(claims)
        return CheckResult(_spoofing_findings(claimed), {name: True for name, is_so in _claims(claimed).items() if is_so})
    resolver: Resolver = case.context.tools[NAME]
    seconds = min(_MAX_SECONDS, case.context.settings.screening.seconds * _SHARE)
    verdicts = await evaluate(case, resolver, signed or Signed(authors, 1), source, seconds)
    result = _result(verdicts, domain_spoofing.judge(claims, _proof(verdicts, signed)))
    return result if signed is not None else _unread(result)


async def evaluate(case: NetworkCase, resolver: Resolver, signed: Signed, source: Origin, seconds: float) -> Verdicts:
    """Query twice: SPF, keys and seals at once, then the policy of the author's domain."""
    e = case.envelope
    now = e.received // 1000
    spf_verdict, dkim_verdicts, arc_verdict = await asyncio.gather(
        _spf(resolver, case, source, seconds),
        dkim.verify(resolver, signed.signatures, now, seconds=seconds),
        arc.verify(resolver, signed, seconds=seconds),
    )
    if signed.from_fields != 1 or len(set(signed.from_)) != 1:
        why = "From is there several times" if signed.from_fields > 1 else "From does not name authors of exactly one domain"
        return Verdicts(spf_verdict, tuple(dkim_verdicts), arc_verdict, dmarc.Verdict("permerror", why=why))
    author = signed.from_[0]
    dmarc_verdict = await dmarc.decide(resolver, author, _proofs(spf_verdict, dkim_verdicts), seconds=seconds)
    dmarc_verdict = _undecided(dmarc_verdict, spf_verdict, dkim_verdicts)
    if source.where in ("edge", "inside") and dmarc_verdict.result == "fail":
        edge_result = _edge_results(case, author)[1] if source.where == "edge" else ""
        why = "as a server of ours says" if edge_result in ("pass", "fail") else "whoever handed it over to us is not known"
        dmarc_verdict = replace(
            dmarc_verdict, result=cast(dmarc.Result, edge_result) if edge_result in ("pass", "fail") else "none", why=why
        )
    vouched = arc.vouched(signed, arc_verdict, case.context.settings.screening.sealers, author)
    return Verdicts(spf_verdict, tuple(dkim_verdicts), arc_verdict, dmarc_verdict, vouched)


async def _spf(resolver: Resolver, case: NetworkCase, source: Origin, seconds: float) -> spf.Verdict | None:
    e = case.envelope
    if source.where == "outside":
        return await spf.check(resolver, client=source.client, sender=e.sender, helo=source.helo, seconds=seconds)
    edge_result = _edge_results(case, "")[0] if source.where == "edge" else ""
    if edge_result not in ("pass", "fail", "softfail", "neutral", "none", "temperror", "permerror"):
        return None
    return spf.Verdict(cast(spf.Result, edge_result), a_labels(e.sender.rpartition("@")[2]), "mailfrom", "as a server of ours says")


def _edge_results(case: NetworkCase, author: str) -> tuple[str, str]:
    """SPF and DMARC results as the edge server reports them."""
    return edge_says(case.message.fields.get(_FIELD, ""), case.envelope, author, case.context.settings)


def _proofs(of_spf: spf.Verdict | None, of_dkim: Sequence[dkim.Verdict]) -> list[dmarc.Proof]:
    proofs = [dmarc.Proof("dkim", one.signature.domain) for one in of_dkim if one.aligned]
    return proofs + ([dmarc.Proof("spf", of_spf.domain)] if of_spf is not None and of_spf.result == "pass" else [])


def _undecided(decided: dmarc.Verdict, of_spf: spf.Verdict | None, of_dkim: Sequence[dkim.Verdict]) -> dmarc.Verdict:
    """Turn fail into temperror while an unanswered lookup could still prove this domain (RFC 9989 5.3.6)."""
    if decided.result != "fail":
        return decided
    open_ones = [(one.signature.domain, one.why, one.ours) for one in of_dkim if one.result == "temperror"]
    if of_spf is not None and of_spf.result == "temperror":
        open_ones.append((of_spf.domain, of_spf.why, of_spf.ours))
    for domain, why, ours in open_ones:
        if is_within(domain, decided.organizational):
            return replace(decided, result="temperror", why=f"{domain}: {why}", ours=ours)
    return decided


# -- in the name of the city


def _proof(verdicts: Verdicts, signed: Signed | None) -> Proof:
    """Everything that could prove a claim of the city's name."""
    decided, of_spf = verdicts.dmarc, verdicts.spf
    open_ones = [one.signature.domain for one in verdicts.dkim if one.result == "temperror"]
    if of_spf is not None and of_spf.result == "temperror":
        open_ones.append(of_spf.domain)
    author = signed.from_[0] if signed is not None and len(signed.from_) == 1 else ""
    return Proof(
        domains=tuple(proof.domain for proof in _proofs(of_spf, verdicts.dkim)),
        open=tuple(open_ones),
        author=author if decided.result == "pass" or verdicts.vouched else "",
        vouched=bool(verdicts.vouched),
        undecided=decided.result == "temperror",
        several=decided.result == "permerror",
        spf=of_spf.result if of_spf is not None and of_spf.identity == "mailfrom" else "",
    )


def _claims(spoofing: Spoofing) -> dict[str, bool]:
    return {"auth.own_domain": bool(spoofing.claimed), "auth.disguised": bool(spoofing.disguise)}


def _spoofing_findings(spoofing: Spoofing) -> tuple[Finding, ...]:
    """Findings about unproven use of the city's name."""
    own = f"from outside in the name of the city, without proof: {spoofing.claimed}"
    rows = (("own-domain", spoofing.claimed, own), ("disguised", spoofing.disguise, f"not one honest mailbox: {spoofing.disguise}"))
    return tuple(Finding("dmarc", code, mask=mask, version=VERSION) for code, is_so, mask in rows if is_so)


# -- what is told


def _result(verdicts: Verdicts, claimed: Spoofing) -> CheckResult:
    decided = verdicts.dmarc
    of_dkim = dkim.result(verdicts.dkim)
    facts: dict[str, FactValue] = {
        "auth.spf": verdicts.spf.result if verdicts.spf is not None else "none",
        "auth.dkim": of_dkim,
        "auth.dkim_domains": tuple(dict.fromkeys(one.signature.domain for one in verdicts.dkim if one.aligned)),
        "auth.dmarc": decided.result,
        "auth.dmarc_policy": decided.policy,
        "auth.arc": verdicts.arc.result if verdicts.arc.result != "temperror" else "none",
        "auth.vouched": bool(verdicts.vouched),
        **_claims(claimed),
    }
    gone = [name for name, out in _unavailable(verdicts, claimed) if out]
    if gone:
        facts[UNAVAILABLE] = tuple(gone)
    findings = (*_findings(verdicts), *_spoofing_findings(claimed), *(_unavailable_finding(name) for name in gone))
    return CheckResult(tuple(replace(one, version=VERSION) for one in findings), facts)


def _unavailable(verdicts: Verdicts, claimed: Spoofing) -> list[tuple[str, bool]]:
    """Which checks are unavailable: those for which our own resolver failed; DMARC also when the author's policy is unknown."""
    return [
        ("spf", verdicts.spf is not None and verdicts.spf.ours),
        ("dkim", any(one.ours for one in verdicts.dkim) or verdicts.arc.ours),
        ("dmarc", verdicts.dmarc.result == "temperror" or claimed.unknown),
    ]


def _findings(verdicts: Verdicts) -> list[Finding]:
    """Evidence: code is the result, mask the properties of RFC 8601 with the reason in parentheses."""
    findings = []
    if (s := verdicts.spf) is not None:
        findings.append(Finding("spf", s.result, mask=_mask(**{f"smtp.{s.identity}": s.domain}, why=s.why)))
    for one in verdicts.dkim:
        g = one.signature
        weak = f"{one.bits} bits" if one.result == "pass" and 0 < one.bits < dkim.BITS_WEAK else ""
        about = {"header.d": g.domain, "header.s": g.selector, "header.a": g.algorithm, "header.b": g.signature[:8]}
        findings.append(Finding("dkim", one.result, mask=_mask(**about, why=", ".join(filter(None, (one.why, weak))))))
    if verdicts.arc.result != "none":
        a = verdicts.arc
        findings.append(Finding("arc", a.result, mask=_mask(**{"header.d": a.sealer}, why=a.why or f"{a.sets} seals")))
    d = verdicts.dmarc
    why = d.by or d.why
    wants = f"p={d.policy}; " if d.published else ""
    findings.append(Finding("dmarc", d.result, mask=_mask(**{"header.from": d.domain}, why=f"{wants}{why}")))
    if verdicts.vouched:
        findings.append(
            Finding("arc", "vouched", mask=_mask(**{"header.d": verdicts.vouched}, why="it says that DMARC had passed"))
        )
    return findings


def _mask(why: str, **properties: str) -> str:
    """A mask of safe characters only, because strangers wrote some of it. Shorter than a line of mail may be."""
    text = " ".join(f"{name}={_plain(value, '.-_+/', 253)}" for name, value in properties.items() if value)
    return f"{text} ({_plain(why, '.-_ =:,;/', 150)})".strip() if why else text


def _plain(text: str, marks: str, most: int) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in marks) else "?" for c in text[:most])


# -- a message that could not be read


async def _signed(case: NetworkCase) -> tuple[Signed | None, Senders]:
    """What the sandboxed reader parsed; None and no senders where it could not."""
    plain: Any = case.message.more.get(NAME)
    if not plain:
        return None, Senders()
    try:
        signed, senders = signatures.from_plain(plain), senderfields.from_plain(plain["senders"])
    except (TypeError, KeyError, ValueError, AttributeError):  # the process was taken over
        return None, Senders()
    awaits = any(one.form for one in signed.signatures) or any(one.message.form for one in signed.sets)
    return await asyncio.to_thread(signatures.whole_body, signed, case.raw) if awaits else signed, senders


def _authors(case: NetworkCase) -> list[str]:
    return [a_labels(address.rpartition("@")[2]) for address in case.message.addresses("from")]


def _unread(result: CheckResult) -> CheckResult:
    """Keep SPF, which needs no message; mark the rest unavailable."""
    facts = {name: value for name, value in result.facts.items() if name in ("auth.spf", UNAVAILABLE)}
    known = facts.get(UNAVAILABLE, ())
    facts[UNAVAILABLE] = tuple(dict.fromkeys((*(known if isinstance(known, tuple) else ()), "dkim", "dmarc")))
    findings = tuple(one for one in result.findings if one.check == "spf")
    return CheckResult((*findings, _unavailable_finding("dkim", "unread"), _unavailable_finding("dmarc", "unread")), facts)


def _unavailable_finding(name: str, why: str = "dns") -> Finding:
    return Finding(name, UNAVAILABLE, mask=why, version=VERSION)
