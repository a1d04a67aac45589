"""Count the effects of a rule's version on past mail, from the facts recorded then. Pure.

Two rule sets are evaluated for each message: one with the active version, and one with the version being tested. Both are evaluated
as if they were enforced, so that a rule in shadow or in notice is counted by its potential effect. A replay gives the results of a
live evaluation, because the facts are those recorded then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import Any

from civicmail.city.policy.dispositions import Disposition
from civicmail.city.policy.engine import decide
from civicmail.city.policy.rules import Decision, Rule, RuleSet
from civicmail.core.query.tree import ADDRESSES, Among, And, Digits, Near, Not, Or, Token, Tree, Words
from civicmail.desk.oversight.recorded_facts import RecordedFacts
from civicmail.desk.oversight.rule_hits import Day

MAX_SAMPLE = 50
"""Maximum number of ids of changed messages in the sample."""
WIRE = frozenset({"mx", "submission", "relay", "lmtp"})
"""Kinds of entry points whose mail the rules decide on."""
ENVELOPE = frozenset({*ADDRESSES, "filetype", "list", "mailfrom", "source"}) - {"bcc"}
NOBODY = "outside"
"""For a copy that belongs to no department."""


def needs_content(tree: Tree) -> bool:
    """Whether a query uses words of messages: a replay is narrowed by envelope only, or it would reveal content."""
    match tree:
        case And(parts) | Or(parts):
            return any(needs_content(part) for part in parts)
        case Not(part):
            return needs_content(part)
        case Words(field=name) | Token(field=name):
            return name not in ENVELOPE
        case Near() | Digits() | Among():
            return True
        case _:
            return False


def books(active: RuleSet, tried: Rule | None, id_: str) -> tuple[RuleSet, RuleSet]:
    """The book as it is and with the tried version in its place; None: without the rule. Both with this rule enforced."""
    others = tuple(rule for rule in active.rules if rule.id != id_)
    now = active.rule(id_)
    return _with_rule(active, others, now), _with_rule(active, others, tried)


def _with_rule(book: RuleSet, others: tuple[Rule, ...], rule: Rule | None) -> RuleSet:
    if rule is None:
        return replace(book, rules=others)
    return replace(book, rules=tuple(sorted((*others, replace(rule, mode="enforce")), key=lambda r: r.weight)))


@dataclass(slots=True)
class Tally:
    """messages: number evaluated; copies: of their recipients; bare: messages without recorded facts; besides: imports and copies
    for the record, to which no rule applies; unread: unreadable ones; unsure: decided by the failure policy. before, after:
    messages with a copy that the active version matches, and the tested one; new, gone: messages with a copy that only the latter
    matches, only the former. departments: [copies, before, after, new, gone]; days: [messages, before, after]; outcomes:
    "before>after" of copies whose outcome changes; with_: other rules that match the same copies; asked: "department|day" of copies
    that would wait for an approval; sample: [id, department, before, after]."""

    messages: int = 0
    copies: int = 0
    bare: int = 0
    besides: int = 0
    unread: int = 0
    unsure: int = 0
    before: int = 0
    after: int = 0
    new: int = 0
    gone: int = 0
    departments: dict[str, list[int]] = field(default_factory=dict)
    days: dict[str, list[int]] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    with_: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    sample: list[list[str]] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """The tally as JSON."""
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self)}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Tally:
        tally = cls(**{name: value for name, value in plain.items() if name in {f.name for f in fields(cls)}})
        tally.outcomes, tally.with_, tally.asked = Counter(tally.outcomes), Counter(tally.with_), Counter(tally.asked)
        return tally

    @property
    def approvals(self) -> list[tuple[str, int, int]]:
        """(department, copies that would wait for its manager, most of them on one day), the most first."""
        total: Counter[str] = Counter()
        most: Counter[str] = Counter()
        for key, count in self.asked.items():
            department = key.partition("|")[0]
            total[department] += count
            most[department] = max(most[department], count)
        return [(department, count, most[department]) for department, count in total.most_common()]


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Counter) else value


@dataclass(frozen=True, slots=True)
class Replaying:
    """id: of the rule; before, after: the two books; day: of a moment, in the city's time zone."""

    id: str
    before: RuleSet
    after: RuleSet
    day: Day

    def add(self, tally: Tally, some: Iterable[RecordedFacts | str]) -> None:
        """Add these messages to the tally. Text stands for an unreadable one."""
        for recorded in some:
            if isinstance(recorded, str):
                tally.unread += 1
            elif recorded.source not in WIRE:
                tally.besides += 1
            elif not recorded.facts:
                tally.bare += 1
            else:
                self._add_message(tally, recorded)

    def _add_message(self, tally: Tally, recorded: RecordedFacts) -> None:
        recipients = [copy.facts for copy in recorded.copies]
        before = decide(self.before, recorded.facts, recipients, recorded.received)
        after = decide(self.after, recorded.facts, recipients, recorded.received)
        day = self.day(recorded.received)
        fits_before = [self.id in decision.rules for decision in before]
        fits_after = [self.id in decision.rules for decision in after]
        tally.messages += 1
        tally.copies += len(recorded.copies)
        tally.unsure += any(decision.parts for decision in after)
        was, is_ = any(fits_before), any(fits_after)
        tally.before += was
        tally.after += is_
        tally.new += is_ and not was
        tally.gone += was and not is_
        _add(tally.days, day.isoformat(), 1, was, is_)
        for copy, b, a, fb, fa in zip(recorded.copies, before, after, fits_before, fits_after, strict=True):
            self._copy(tally, recorded, copy, (b, a), (fb, fa), day)

    def _copy(
        self,
        tally: Tally,
        recorded: RecordedFacts,
        copy: Disposition,
        decided: tuple[Decision, Decision],
        fits: tuple[bool, bool],
        day: date,
    ) -> None:
        department = department_of(recorded, copy)
        (before, after), (was, is_) = decided, fits
        _add(tally.departments, department, 1, was, is_, is_ and not was, was and not is_)
        if is_:
            tally.with_.update(rule for rule in after.rules if rule != self.id)
            if after.do == "hold":
                tally.asked[f"{department}|{day.isoformat()}"] += 1
        if before.do != after.do:
            tally.outcomes[f"{before.do}>{after.do}"] += 1
        if (
            (before.do != after.do or was != is_)
            and len(tally.sample) < MAX_SAMPLE
            and recorded.id not in {s[0] for s in tally.sample}
        ):
            tally.sample.append([recorded.id, department, before.do, after.do])


def department_of(recorded: RecordedFacts, copy: Disposition) -> str:
    """Whose mail it is: the recipient's department, else the sender's."""
    return str(copy.facts.get("recipient.department") or recorded.facts.get("sender.department") or NOBODY)


def _add(counts: dict[str, list[int]], key: str, *more: int) -> None:
    known = counts.setdefault(key, [0] * len(more))
    for n, one in enumerate(more):
        known[n] += one
