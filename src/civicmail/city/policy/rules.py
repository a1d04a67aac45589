"""Rule, rule set and decision, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from civicmail.city.policy.cel.condition import Condition
from civicmail.city.policy.dispositions import FactValue
from civicmail.city.policy.failure_policy import FailurePolicy

RuleAction = Literal["deliver", "mark", "encrypt", "hold", "quarantine", "refuse"]
"""deliver: the rule does nothing to the copy; it marks it for a review, or adds words."""
Outcome = Literal["deliver", "mark", "encrypt", "pending", "later", "hold", "quarantine", "refuse"]
Mode = Literal["shadow", "notify", "enforce"]
"""shadow: only recorded; notify: the sender inside is told, and reviews are asked for; enforce: done."""
Severity = Literal["low", "medium", "high"]

RANK: Final[dict[str, int]] = {outcome: rank for rank, outcome in enumerate(get_args(Outcome))}
"""The lattice: of two outcomes the one further behind is done, whichever rule stands first. What is not known yet comes before what
is known to be kept back: a hold stays a hold when the virus scanner is away besides."""
RULE_ACTIONS: Final = get_args(RuleAction)
MODES: Final = get_args(Mode)
SEVERITIES: Final = get_args(Severity)
RESERVED_IDS: Final = frozenset(
    {"deliver", "pass-elsewhere", "keep-copy", "one-answer", "expand-list", "same-mailbox", "list-member-closed"}
    | {"access-held", "access-closed", "access-ended", "secure-asked", "sent-plain"}
)
"""How dispositions name what is done whatever the book says (delivery.py, the pipeline's rooms): no rule is called so."""
REVIEWS: Final = ("use", "security", "records", "recipient")
"""Queues that a rule may send a message's number to, for a person to look; recipient: whoever it is for decides about it."""


@dataclass(frozen=True, slots=True)
class Example:
    """Facts of a message and one recipient together, and whether the rule fits them. line: in its file."""

    facts: Mapping[str, FactValue]
    fits: bool
    line: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as its owner wrote it.

    condition: `when` and not `unless`; ends: ms since 1970 from which it no longer acts; mark: the short name of a mark, "" for
    none; sender, reader: words for them; ask: contact; each_copy: whether it uses facts of a recipient.
    """

    id: str
    clause: str
    owner: str
    why: str
    severity: Severity
    mode: Mode
    do: RuleAction
    when: str
    unless: str
    condition: Condition
    ends: int
    expires: str
    sender: str = ""
    reader: str = ""
    ask: str = ""
    mark: str = ""
    review: str = ""
    examples: tuple[Example, ...] = ()
    file: str = ""
    line: int = 0
    each_copy: bool = False

    def is_active(self, now: int) -> bool:
        return now < self.ends

    @property
    def weight(self) -> tuple[int, int, str]:
        """The key that orders rules: effect, severity, and name, so that the order of files does not matter."""
        return (-RANK[self.do], -SEVERITIES.index(self.severity), self.id)


@dataclass(frozen=True, slots=True)
class RuleSet:
    """rules: by `weight`; version: of its text, the first 16 digits of SHA-256; error: why the published text is invalid; then mail
    waits according to the failure policy for `policy`."""

    rules: tuple[Rule, ...]
    matrix: FailurePolicy
    version: str = ""
    title: str = ""
    error: str = ""

    def rule(self, id_: str) -> Rule | None:
        return next((rule for rule in self.rules if rule.id == id_), None)

    def expired(self, now: int) -> tuple[Rule, ...]:
        """The rules that no longer act. now: ms."""
        return tuple(rule for rule in self.rules if not rule.is_active(now))


@dataclass(frozen=True, slots=True)
class Mark:
    """A warning for the reader of a copy. name: short, for a header line; rule: its rule; clause: of that rule."""

    name: str
    words: str
    rule: str
    clause: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision on the copy of one recipient, with its reasons.

    rules: that matched, those in shadow as "shadow:ID", those that only notify as "notify:ID", and "unavailable:PART" if the
    failure policy decided. reply: for an SMTP client, if it is rejected or deferred; words: for the reader; sender: for the sender;
    clause, ask: of the deciding rule; review: queues; again: screen it again as soon as its parts answer; parts: the unavailable
    ones. secure: a rule in force requires encryption, whatever else is decided.
    """

    do: Outcome
    rules: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    reply: str = ""
    words: str = ""
    sender: str = ""
    clause: str = ""
    ask: str = ""
    review: tuple[str, ...] = ()
    again: bool = False
    parts: tuple[str, ...] = field(default=())
    secure: bool = False
