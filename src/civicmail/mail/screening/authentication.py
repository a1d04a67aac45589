"""Who a message is proven to come from: SPF, DKIM, ARC and DMARC of what comes from outside (P-26).

The outer half: it asks the domain name system and verifies digests; what the message says of its signatures was read in the limited
process (signatures.py). Mail from this machine is not asked about; that nobody outside writes in the name of the city holds for it,
too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from civicmail.city.policy.dispositions import UNAVAILABLE, FactValue, Finding
from civicmail.mail.screening import arc, dkim, dmarc, nameserver, pretence, senderfields, signatures, spf
from civicmail.mail.screening.domains import a_labels, is_within
from civicmail.mail.screening.origin import Origin, edge_says, origin
from civicmail.mail.screening.pretence import Pretence, Proof
from civicmail.mail.screening.resolver import Resolver
from civicmail.mail.screening.senderfields import Senders
from civicmail.mail.screening.shapes import NOTHING, Found, Outer
from civicmail.mail.screening.signatures import Signed

NAME = "authentication"
VERSION = 1
CHECKS = ("spf", "dkim", "dmarc")

open_ = nameserver.open_
"""World.tools["authentication"]: a Resolver."""

_SHARE = 0.4  # of a message's seconds, for each of the two rounds of questions
_MOST = 8.0
_FIELD = "authentication-results"
_NO_CHAIN, _NO_POLICY = arc.Verdict("none"), dmarc.Verdict("none")


@dataclass(frozen=True, slots=True)
class Verdicts:
    """All that was found out of one message. vouched: the sealer that we believe and that says that DMARC had passed."""

    spf: spf.Verdict | None = None
    dkim: tuple[dkim.Verdict, ...] = ()
    arc: arc.Verdict = _NO_CHAIN
    dmarc: dmarc.Verdict = _NO_POLICY
    vouched: str = ""


async def find(case: Outer) -> Found:
    """The outer check."""
    if not case.inbound:
        return NOTHING
    signed, senders = await _signed(case)
    authors = signed.from_ if signed is not None else tuple(_authors(case))
    came = origin(case.envelope, case.world.settings)
    claims = pretence.claims(senders, authors, case.envelope.sender, case.world.domains)
    if came.where == "here":
        claimed = pretence.judged(claims)
        return Found(_pretended(claimed), {name: True for name, is_so in _claims(claimed).items() if is_so})
    resolver: Resolver = case.world.tools[NAME]
    seconds = min(_MOST, case.world.settings.screening.seconds * _SHARE)
    verdicts = await evaluate(case, resolver, signed or Signed(authors, 1), came, seconds)
    found = _found(verdicts, pretence.judged(claims, _proof(verdicts, signed)))
    return found if signed is not None else _unread(found)


async def evaluate(case: Outer, resolver: Resolver, signed: Signed, came: Origin, seconds: float) -> Verdicts:
    """Two rounds of questions: SPF, keys and seals side by side, then what the author's domain has published."""
    e = case.envelope
    now = e.received // 1000
    of_spf, of_dkim, of_arc = await asyncio.gather(
        _spf(resolver, case, came, seconds),
        dkim.verify(resolver, signed.signatures, now, seconds=seconds),
        arc.verify(resolver, signed, seconds=seconds),
    )
    if signed.from_fields != 1 or len(set(signed.from_)) != 1:
        why = "From is there several times" if signed.from_fields > 1 else "From does not name authors of exactly one domain"
        return Verdicts(of_spf, tuple(of_dkim), of_arc, dmarc.Verdict("permerror", why=why))
    author = signed.from_[0]
    decided = await dmarc.decide(resolver, author, _proofs(of_spf, of_dkim), seconds=seconds)
    decided = _unsure(decided, of_spf, of_dkim)
    if came.where in ("edge", "inside") and decided.result == "fail":
        said = _edge_says(case, author)[1] if came.where == "edge" else ""
        why = "as a server of ours says" if said in ("pass", "fail") else "whoever handed it over to us is not known"
        decided = replace(decided, result=cast(dmarc.Result, said) if said in ("pass", "fail") else "none", why=why)
    vouched = arc.vouched(signed, of_arc, case.world.settings.screening.sealers, author)
    return Verdicts(of_spf, tuple(of_dkim), of_arc, decided, vouched)


async def _spf(resolver: Resolver, case: Outer, came: Origin, seconds: float) -> spf.Verdict | None:
    e = case.envelope
    if came.where == "outside":
        return await spf.check(resolver, client=came.client, sender=e.sender, helo=came.helo, seconds=seconds)
    said = _edge_says(case, "")[0] if came.where == "edge" else ""
    if said not in ("pass", "fail", "softfail", "neutral", "none", "temperror", "permerror"):
        return None
    return spf.Verdict(cast(spf.Result, said), a_labels(e.sender.rpartition("@")[2]), "mailfrom", "as a server of ours says")


def _edge_says(case: Outer, author: str) -> tuple[str, str]:
    """SPF and DMARC, as the edge server that handed it over says."""
    return edge_says(case.seen.fields.get(_FIELD, ""), case.envelope, author, case.world.settings)


def _proofs(of_spf: spf.Verdict | None, of_dkim: Sequence[dkim.Verdict]) -> list[dmarc.Proof]:
    proofs = [dmarc.Proof("dkim", one.signature.domain) for one in of_dkim if one.aligned]
    return proofs + ([dmarc.Proof("spf", of_spf.domain)] if of_spf is not None and of_spf.result == "pass" else [])


def _unsure(decided: dmarc.Verdict, of_spf: spf.Verdict | None, of_dkim: Sequence[dkim.Verdict]) -> dmarc.Verdict:
    """A fail is none while something that is not known yet could still be a proof of this domain (RFC 9989 5.3.6)."""
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
    """What is there to prove a claim of the city's name."""
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


def _claims(found: Pretence) -> dict[str, bool]:
    return {"auth.own_domain": bool(found.claimed), "auth.disguised": bool(found.disguise)}


def _pretended(found: Pretence) -> tuple[Finding, ...]:
    """What is told of it."""
    own = f"from outside in the name of the city, without proof: {found.claimed}"
    rows = (("own-domain", found.claimed, own), ("disguised", found.disguise, f"not one honest mailbox: {found.disguise}"))
    return tuple(Finding("dmarc", code, mask=mask, version=VERSION) for code, is_so, mask in rows if is_so)


# -- what is told


def _found(verdicts: Verdicts, claimed: Pretence) -> Found:
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
    findings = (*_findings(verdicts), *_pretended(claimed), *(_out(name) for name in gone))
    return Found(tuple(replace(one, version=VERSION) for one in findings), facts)


def _unavailable(verdicts: Verdicts, claimed: Pretence) -> list[tuple[str, bool]]:
    """A check is unavailable where our own resolver was; DMARC also where nobody can say what the author's domain wants."""
    return [
        ("spf", verdicts.spf is not None and verdicts.spf.ours),
        ("dkim", any(one.ours for one in verdicts.dkim) or verdicts.arc.ours),
        ("dmarc", verdicts.dmarc.result == "temperror" or claimed.unknown),
    ]


def _findings(verdicts: Verdicts) -> list[Finding]:
    """Evidence: code is the result, mask the properties of RFC 8601 and in brackets why."""
    found = []
    if (s := verdicts.spf) is not None:
        found.append(Finding("spf", s.result, mask=_mask(**{f"smtp.{s.identity}": s.domain}, why=s.why)))
    for one in verdicts.dkim:
        g = one.signature
        weak = f"{one.bits} bits" if one.result == "pass" and 0 < one.bits < dkim.BITS_WEAK else ""
        about = {"header.d": g.domain, "header.s": g.selector, "header.a": g.algorithm, "header.b": g.signature[:8]}
        found.append(Finding("dkim", one.result, mask=_mask(**about, why=", ".join(filter(None, (one.why, weak))))))
    if verdicts.arc.result != "none":
        a = verdicts.arc
        found.append(Finding("arc", a.result, mask=_mask(**{"header.d": a.sealer}, why=a.why or f"{a.sets} seals")))
    d = verdicts.dmarc
    why = d.by or d.why
    wants = f"p={d.policy}; " if d.published else ""
    found.append(Finding("dmarc", d.result, mask=_mask(**{"header.from": d.domain}, why=f"{wants}{why}")))
    if verdicts.vouched:
        found.append(Finding("arc", "vouched", mask=_mask(**{"header.d": verdicts.vouched}, why="it says that DMARC had passed")))
    return found


def _mask(why: str, **properties: str) -> str:
    """Only what names and plain words are made of: strangers have written some of it. Shorter than a line of mail may be."""
    said = " ".join(f"{name}={_plain(value, '.-_+/', 253)}" for name, value in properties.items() if value)
    return f"{said} ({_plain(why, '.-_ =:,;/', 150)})".strip() if why else said


def _plain(text: str, marks: str, most: int) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in marks) else "?" for c in text[:most])


# -- a message that could not be read


async def _signed(case: Outer) -> tuple[Signed | None, Senders]:
    """What the limited process has read; None and no senders where it has not."""
    plain: Any = case.seen.more.get(NAME)
    if not plain:
        return None, Senders()
    try:
        signed, senders = signatures.from_plain(plain), senderfields.from_plain(plain["senders"])
    except (TypeError, KeyError, ValueError, AttributeError):  # the process was taken over
        return None, Senders()
    awaits = any(one.form for one in signed.signatures) or any(one.message.form for one in signed.sets)
    return await asyncio.to_thread(signatures.whole_body, signed, case.raw) if awaits else signed, senders


def _authors(case: Outer) -> list[str]:
    return [a_labels(address.rpartition("@")[2]) for address in case.seen.addresses("from")]


def _unread(found: Found) -> Found:
    """SPF holds whatever is in the message; the rest is not known."""
    facts = {name: value for name, value in found.facts.items() if name in ("auth.spf", UNAVAILABLE)}
    known = facts.get(UNAVAILABLE, ())
    facts[UNAVAILABLE] = tuple(dict.fromkeys((*(known if isinstance(known, tuple) else ()), "dkim", "dmarc")))
    findings = tuple(one for one in found.findings if one.check == "spf")
    return Found((*findings, _out("dkim", "unread"), _out("dmarc", "unread")), facts)


def _out(name: str, why: str = "dns") -> Finding:
    return Finding(name, UNAVAILABLE, mask=why, version=VERSION)
