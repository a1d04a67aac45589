"""Mail from outside in the city's name: the claims, and whether anything proves them (P-26). Pure.

A claim is an address at or below a city domain in From, Sender or a Resent field, or a return address there for which SPF forbids
the client. Proof is a signature or an SPF pass of that domain or a name below it, DMARC for the author, or a sealer that the city
trusts.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from civicmail.mail.screening.domains import a_labels, is_within
from civicmail.mail.screening.senderfields import Senders

FORBIDDEN = ("fail", "softfail")
"""SPF results by which a domain's owner disowns this client (RFC 7208 8.4, 8.5)."""


@dataclass(frozen=True, slots=True)
class Claims:
    """author, others: city domains of addresses in From, and in Sender and Resent fields; envelope: of the return address;
    disguise, single: as in Senders; cities: all city domains, A-labels."""

    author: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    envelope: str = ""
    disguise: str = ""
    single: bool = True
    cities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """domains: signed, or passed SPF; open: not yet known, because their name servers do not answer; author: domain of the one
    author proven by DMARC or a trusted sealer; vouched: a trusted sealer reports a pass; undecided: DMARC is unknown; several: not
    exactly one author; spf: result for the return address, "" for none."""

    domains: Sequence[str] = ()
    open: Sequence[str] = ()
    author: str = ""
    vouched: bool = False
    undecided: bool = False
    several: bool = False
    spf: str = ""

    def of(self, city: str) -> bool:
        return any(is_within(domain, city) for domain in (self.author, *self.domains))

    def may_come(self, city: str) -> bool:
        return any(is_within(domain, city) for domain in self.open)


NO_PROOF = Proof()


@dataclass(frozen=True, slots=True)
class Spoofing:
    """claimed: the field with the city's unproven name: from, sender (or a Resent field), envelope; "" for none. unknown: it
    cannot be known now. disguise: the rule that the fields break while containing the city's name; "" for none."""

    claimed: str = ""
    unknown: bool = False
    disguise: str = ""


def claims(senders: Senders, authors: Sequence[str], sender: str, domains: Collection[str]) -> Claims:
    """The claims of a message. authors: domains of all addresses in From; sender: the return address, which counts when there is
    no author."""
    cities = tuple(filter(None, map(a_labels, domains)))

    def ours(names: Collection[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(city for name in names for city in cities if is_within(name, city)))

    envelope = ours((a_labels(sender.rpartition("@")[2]),))
    author = ours((*authors, *senders.author)) if any(authors) or senders.author else envelope
    return Claims(author, ours(senders.others), next(iter(envelope), ""), senders.disguise, senders.single, cities)


def judge(claims: Claims, proof: Proof = NO_PROOF) -> Spoofing:
    """The claims that are not proven."""
    where, city = _unproven(claims, proof)
    unknown = bool(where) and (proof.may_come(city) or (where == "from" and proof.undecided and not proof.several))
    proven = claims.single and not proof.several and any(proof.of(city) for city in claims.cities)
    return Spoofing("" if unknown else where, unknown, "" if proven else claims.disguise)


def _unproven(claims: Claims, proof: Proof) -> tuple[str, str]:
    """The first unproven field and its domain; "" if all are proven."""
    for city in claims.author:
        if proof.several or not proof.of(city):
            return "from", city
    for city in claims.others:
        if not proof.of(city):
            return "sender", city
    if claims.envelope and proof.spf in FORBIDDEN and not proof.vouched and not proof.of(claims.envelope):
        return "envelope", claims.envelope
    return "", ""
