"""A forecast in the writer's terms: one line for each recipient, with the words of the delivery page. Without Django.

views/forecast_panel.py has the sentences.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from civicmail.city.policy import rule_keys
from civicmail.city.policy.dispositions import Disposition, disclosable_rules
from civicmail.city.policy.rules import Rule, RuleSet
from civicmail.desk.mailbox.cautions import Caution
from civicmail.desk.mailbox.submission import SubmissionForecast

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
"""Disposition of a copy -> its state if nothing else happens (mail/archive/envelopes.State)."""
SILENT_RULES = frozenset({rule_keys.LISTED, rule_keys.SAME_MAILBOX, rule_keys.DELIVER, rule_keys.PASS_ELSEWHERE})
"""Rules that need no mention before sending."""
MAX_MEMBERS = 20
"""Members of a list that are named, if they get something else than a delivery."""


@dataclass(frozen=True, slots=True)
class CopyForecast:
    """One recipient's copy. state, do: as on the delivery page; rules: their names; notified_rules: rules that act, or that notify
    the sender; behind: the list whose member this mailbox is; outside: not of the city; sealed: it leaves encrypted."""

    address: str
    state: str
    do: str
    rules: tuple[str, ...]
    notified_rules: tuple[Rule, ...]
    outside: bool
    behind: str = ""
    sealed: bool = False

    @property
    def is_calm(self) -> bool:
        """Whether it is simply delivered, without a notice."""
        return (self.state == "delivered" or set(self.rules) <= SILENT_RULES) and not self.notified_rules

    @property
    def waits_for_approval(self) -> bool:
        """Whether the approval of its files is all that the sender needs to know."""
        acting = {name for name in self.rules if not name.startswith(rule_keys.NO_EFFECT)} - SILENT_RULES
        named = {rule.id for rule in self.notified_rules}
        return self.state == "held" and acting | named == {rule_keys.FILE_WAITS}


@dataclass(frozen=True, slots=True)
class Forecast:
    """refused: the rule that forbids the sender to send it, with its reply; later: unknown at this moment; members: number of
    mailboxes behind lists; cautions: warnings without a rule."""

    copies: tuple[CopyForecast, ...]
    refused: str = ""
    reply: str = ""
    later: bool = False
    members: int = 0
    cautions: tuple[Caution, ...] = ()

    @property
    def encrypted(self) -> tuple[CopyForecast, ...]:
        """Copies that rules encrypt without the sender's request."""
        return tuple(copy for copy in self.copies if copy.sealed and rule_keys.SECURE_REQUESTED not in copy.rules)

    @property
    def encrypting_rules(self) -> tuple[str, ...]:
        """The rules that encrypt them."""
        rules = (
            rule.id for copy in self.encrypted for rule in copy.notified_rules if rule.do == "encrypt" and rule.id in copy.rules
        )
        return tuple(dict.fromkeys(rules))

    @property
    def is_calm(self) -> bool:
        """Whether it may be sent without another confirmation."""
        return self.is_expected(approval=False)

    def is_expected(self, *, approval: bool) -> bool:
        """Whether the sender knew it before pressing Send. approval: the write page said that the files need an approval."""
        if self.refused or self.later or self.cautions:
            return False
        return all(copy.is_calm or (approval and copy.waits_for_approval) for copy in self.copies)

    def digest(self, version: int) -> str:
        """Digest of the displayed forecast: a person who has seen it for this version is not asked again."""
        shown_copies = [(c.address, c.do, c.rules) for c in self.copies]
        return hashlib.sha256(repr((version, self.refused, self.later, shown_copies, self.cautions)).encode()).hexdigest()[:32]


def forecast_of(outlook: SubmissionForecast, domains: frozenset[str]) -> Forecast:
    """domains: of the city, lower case."""
    if outlook.judged.is_later:
        return Forecast((), later=True, reply=outlook.judged.reply)
    if outlook.judged.refused:
        return Forecast((), outlook.judged.refused, outlook.judged.reply)
    unencryptable = frozenset(address for caution in outlook.cautions if caution.code == "no-way" for address in caution.addresses)
    named: list[CopyForecast] = []
    behind: list[CopyForecast] = []
    for d in sorted(outlook.dispositions, key=lambda d: d.to):
        copy = _copy_forecast(outlook, d, domains, unencryptable)
        (behind if copy.behind else named).append(copy)
    notable = [copy for copy in behind if not copy.is_calm]
    return Forecast((*named, *notable[:MAX_MEMBERS]), members=len(behind), cautions=outlook.cautions)


def rules_of(names: Sequence[str], book: RuleSet) -> tuple[Rule, ...]:
    """The rules that act on a copy or notify its sender. names: from a disposition."""
    rules = [book.rule(name.removeprefix(rule_keys.NOTIFY)) for name in names]
    return tuple(rule for rule in rules if rule is not None)


def _copy_forecast(
    outlook: SubmissionForecast, d: Disposition, domains: frozenset[str], unencryptable: frozenset[str]
) -> CopyForecast:
    recipient = outlook.envelope.recipients[d.to]
    rules = disclosable_rules(d.rules)
    notified = rules_of(rules, outlook.book)
    outside = recipient.address.rpartition("@")[2].lower() not in domains
    behind = recipient.expanded[0] if recipient.expanded else ""
    state = "waiting" if d.do == "encrypt" and recipient.address in unencryptable else STATES[d.do]
    sealed = d.secure or d.do == "encrypt"
    return CopyForecast(recipient.address, state, d.do, rules, notified, outside, behind, sealed)
