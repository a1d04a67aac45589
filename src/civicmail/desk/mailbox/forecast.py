"""What a forecast means for the person who writes: one line for each recipient, in the words that the delivery page has afterwards.

Knows no Django; views/foretelling.py has the sentences.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from civicmail.city.policy.dispositions import Disposition, disclosable_rules
from civicmail.city.policy.rules import Rule, RuleSet
from civicmail.desk.mailbox.cautions import Caution
from civicmail.desk.mailbox.submission import Outlook
from civicmail.mail.pipeline.encryption_requests import SECURE_REQUESTED
from civicmail.mail.pipeline.recipient_expansion import LISTED, SAME

STATES = {
    "deliver": "delivered",
    "mark": "delivered",
    "encrypt": "delivered",
    "redirect": "held",
    "hold": "held",
    "quarantine": "held",
    "pending": "held",
    "refuse": "refused",
    "kept": "kept",
}
"""What is done with a copy -> how it stands when nothing else happens to it (mail/archive/envelopes.State)."""
QUIET = frozenset({LISTED, SAME, "deliver", "pass-elsewhere"})
"""Rules of which nobody has to hear before sending."""
NOTIFY = "notify:"
MEMBERS = 20
"""Members of a list that are named, where something else than a delivery waits for them."""


@dataclass(frozen=True, slots=True)
class Foretold:
    """One recipient's copy. state, do: as of the delivery page; rules: their names; told: rules of the book that act, or of which
    the sender is told; behind: a list that led to this mailbox; outside: not of the city; sealed: it leaves encrypted, whenever it
    leaves."""

    address: str
    state: str
    do: str
    rules: tuple[str, ...]
    told: tuple[Rule, ...]
    outside: bool
    behind: str = ""
    sealed: bool = False

    @property
    def is_calm(self) -> bool:
        """Whether it is simply delivered, and there is nothing to hear of it."""
        return (self.state == "delivered" or set(self.rules) <= QUIET) and not self.told


@dataclass(frozen=True, slots=True)
class Foreseen:
    """refused: the rule by which the sender may not send it at all, with its reply; later: nobody can tell at this moment; members:
    how many mailboxes lists lead to besides those that are named; cautions: what to look at, although no rule objects."""

    copies: tuple[Foretold, ...]
    refused: str = ""
    reply: str = ""
    later: bool = False
    members: int = 0
    cautions: tuple[Caution, ...] = ()

    @property
    def encrypted(self) -> tuple[Foretold, ...]:
        """The copies that rules have encrypted, and that the sender did not ask for."""
        return tuple(copy for copy in self.copies if copy.sealed and SECURE_REQUESTED not in copy.rules)

    @property
    def sealing(self) -> tuple[str, ...]:
        """The rules that have them encrypted."""
        rules = (rule.id for copy in self.encrypted for rule in copy.told if rule.do == "encrypt" and rule.id in copy.rules)
        return tuple(dict.fromkeys(rules))

    @property
    def is_calm(self) -> bool:
        """Whether it may go without another question."""
        return not self.refused and not self.later and not self.cautions and all(copy.is_calm for copy in self.copies)

    def digest(self, version: int) -> str:
        """Of what a person was shown: whoever has seen this for this version of the draft is not asked again."""
        said = [(c.address, c.do, c.rules) for c in self.copies]
        return hashlib.sha256(repr((version, self.refused, self.later, said, self.cautions)).encode()).hexdigest()[:32]


def foreseen(outlook: Outlook, domains: frozenset[str]) -> Foreseen:
    """domains: of the city, lower case."""
    if outlook.judged.is_later:
        return Foreseen((), later=True, reply=outlook.judged.reply)
    if outlook.judged.refused:
        return Foreseen((), outlook.judged.refused, outlook.judged.reply)
    stuck = frozenset(address for caution in outlook.cautions if caution.code == "no-way" for address in caution.addresses)
    named: list[Foretold] = []
    behind: list[Foretold] = []
    for d in sorted(outlook.dispositions, key=lambda d: d.to):
        copy = _copy(outlook, d, domains, stuck)
        (behind if copy.behind else named).append(copy)
    loud = [copy for copy in behind if not copy.is_calm]
    return Foreseen((*named, *loud[:MEMBERS]), members=len(behind), cautions=outlook.cautions)


def rules_of(names: Sequence[str], book: RuleSet) -> tuple[Rule, ...]:
    """The rules of the book that act on a copy, or of which its sender is told. names: as a disposition has them, tellable."""
    found = [book.rule(name.removeprefix(NOTIFY)) for name in names]
    return tuple(rule for rule in found if rule is not None)


def _copy(outlook: Outlook, d: Disposition, domains: frozenset[str], stuck: frozenset[str]) -> Foretold:
    recipient = outlook.envelope.recipients[d.to]
    rules = disclosable_rules(d.rules)
    told = rules_of(rules, outlook.book)
    outside = recipient.address.rpartition("@")[2].lower() not in domains
    behind = recipient.expanded[0] if recipient.expanded else ""
    state = "waiting" if d.do == "encrypt" and recipient.address in stuck else STATES[d.do]
    sealed = d.secure or d.do == "encrypt"
    return Foretold(recipient.address, state, d.do, rules, told, outside, behind, sealed)
