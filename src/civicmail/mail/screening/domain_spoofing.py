"""Mail from outside in the name of the city: what it claims, what would prove it, and whether anything does (P-26). Pure.

A claim is an address at or below one of the city's domains in From, Sender or a Resent field, or a return address there from which
the client may not send (SPF). What proves it is a signature or an SPF pass of that domain or a name below it, DMARC of the author,
or a sealer that the city believes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from civicmail.mail.screening.domains import a_labels, is_within
from civicmail.mail.screening.senderfields import Senders

FORBIDDEN = ("fail", "softfail")
"""Results of SPF by which the owner of a domain says that this client does not send for it (RFC 7208 8.4, 8.5)."""


@dataclass(frozen=True, slots=True)
class Claims:
    """author, others: the city's domains at or below which addresses of From, of Sender and the Resent fields lie; envelope: that
    of the return address; disguise, single: as of Senders; cities: all of them, A-labels."""

    author: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    envelope: str = ""
    disguise: str = ""
    single: bool = True
    cities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """domains: that signed, or whose SPF passed; open: that may yet, as their name servers do not answer; author: the domain of the
    one author that DMARC or a believed sealer proves, "" for none; vouched: a sealer does; undecided: whether DMARC could not be
    found out; several: there is not one author; spf: result for the return address, "" where there is none."""

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
    """claimed: where the city's name stands without proof: from, sender (or a Resent field), envelope; "" for nowhere. unknown:
    that cannot be found out now. disguise: the rule that its fields break with the city's name in them; "" for none."""

    claimed: str = ""
    unknown: bool = False
    disguise: str = ""


def claims(senders: Senders, authors: Sequence[str], sender: str, domains: Collection[str]) -> Claims:
    """authors: domains of all addresses of From; sender: return address. Of a message without an author that says it."""
    cities = tuple(filter(None, map(a_labels, domains)))

    def ours(names: Collection[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(city for name in names for city in cities if is_within(name, city)))

    envelope = ours((a_labels(sender.rpartition("@")[2]),))
    author = ours((*authors, *senders.author)) if any(authors) or senders.author else envelope
    return Claims(author, ours(senders.others), next(iter(envelope), ""), senders.disguise, senders.single, cities)


def judge(claims: Claims, proof: Proof = NO_PROOF) -> Spoofing:
    """What of the claims is not proven."""
    where, city = _unproven(claims, proof)
    unknown = bool(where) and (proof.may_come(city) or (where == "from" and proof.undecided and not proof.several))
    proven = claims.single and not proof.several and any(proof.of(city) for city in claims.cities)
    return Spoofing("" if unknown else where, unknown, "" if proven else claims.disguise)


def _unproven(claims: Claims, proof: Proof) -> tuple[str, str]:
    """The first field with a claim that nothing proves, and of which domain; "" where all are."""
    for city in claims.author:
        if proof.several or not proof.of(city):
            return "from", city
    for city in claims.others:
        if not proof.of(city):
            return "sender", city
    if claims.envelope and proof.spf in FORBIDDEN and not proof.vouched and not proof.of(claims.envelope):
        return "envelope", claims.envelope
    return "", ""
