"""What is known of a message becomes one disposition for each recipient, and an answer for its client. Pure.

The book decides on facts; what the directory has settled stands beside it, and the stronger of
both is done. A mailbox that nobody may read stays held whatever rules say; where a department is not live no rule acts, and what
would be done is forecast. docs/operate/screening.md has the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from civicmail.city.access.snapshot import Snapshot
from civicmail.city.policy.clauses import MAX_REPLY_LENGTH
from civicmail.city.policy.delivery import KEPT_SOURCES, dispositions
from civicmail.city.policy.dispositions import Action, Disposition, Facts, Finding
from civicmail.city.policy.engine import decide
from civicmail.city.policy.facts import FACTS, without_defaults
from civicmail.city.policy.rules import Decision, RuleSet
from civicmail.core.message.model import Envelope
from civicmail.mail.archive.records import ASIDE, MAIL, REFUSED, uuid_text
from civicmail.mail.pipeline.containment_decisions import RULE as CONTAINED
from civicmail.mail.pipeline.envelope_facts import Modes, joined, of_message, of_recipient
from civicmail.mail.screening.screener import Screened

RULED = frozenset({"mx", "submission", "relay", "lmtp"})
"""Kinds of doors whose mail rules are asked about: what was delivered elsewhere, and our own reports, are not."""
BOUNCED_LATER = frozenset({"submission", "relay"})
"""Doors whose senders are known, so that a report may tell them of a recipient who was refused."""
ONE_ANSWER = "one-answer"
"""The rule by which a copy from outside that would have been refused is quarantined: another one was taken, and one answer goes to
all."""
BOOK = "book"
"""The code of the finding of POLICY that says by which version of the book it was decided."""
POLICY = "policy"
_PASSING = frozenset({"elsewhere", "observe"})
_LETS_GO = frozenset({"encrypt", "redirect", "pending", "hold"})
"""What goes by itself, or on the word of somebody who looks for something else: not while the sender's account may be taken."""
_RECORDED = {"links.places": 50, "files.sha256": 20, "files.leaving": 20}
"""How many values of a fact a record keeps, beside those that rules name."""
_ROOM = 60  # characters of a reply for the decision's id
_OF_ENVELOPE = frozenset({"message.size", "message.outside", "message.recipients"})
"""Facts of messages that are known without looking into them."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What is known of a receipt before rules are asked. to: for recipients whose copy is not simply delivered, what the directory
    says is done with it, and by which rule (addressed.py)."""

    envelope: Envelope
    source: str
    size: int
    to: Mapping[int, tuple[Action, str]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """facts: told of the message, where they differ from their defaults; reply: what the client hears where nobody gets a copy, or
    "451 …" where it shall come again and nothing is kept; class_: of retention, from archive/records.py."""

    dispositions: tuple[Disposition, ...]
    facts: Facts
    findings: tuple[Finding, ...] = ()
    reply: str = ""
    class_: str = MAIL

    @property
    def is_later(self) -> bool:
        return self.reply.startswith("4")


def decide_copies(
    settled: Settled,
    screened: Screened,
    book: RuleSet | None,
    snapshot: Snapshot | None,
    modes: Modes,
    now: int,
    *,
    records: bool,
    late: bool = False,
) -> Verdict:
    """What is done with each copy, and what the client hears. records: whether the facts are written down even where no rule has
    anything to say; late: its client was told long ago that it is taken. now: ms."""
    envelope, source = settled.envelope, settled.source
    here = [modes(recipient.address) for recipient in envelope.recipients]
    if book is None or source in KEPT_SOURCES or source not in RULED or not (book.rules or book.error or screened.unavailable):
        return Verdict(dispositions(here, source, settled=settled.to), {})
    message = {**of_message(envelope, source, settled.size, snapshot, modes), **screened.facts}
    at = envelope.received
    copies = [joined(of_recipient(r, snapshot, modes, at), screened.recipients, r) for r in envelope.recipients]
    decisions = decide(book, message, copies, now)
    passing = [mode in _PASSING or (mode is None and modes(envelope.sender) in _PASSING) for mode in here]
    if late:
        decisions = tuple(replace(d, do="pending", reply="") if d.do == "later" else d for d in decisions)
    elif any(d.do == "later" and not p for d, p in zip(decisions, passing, strict=True)):
        return Verdict((), {}, reply=next(d.reply for d in decisions if d.do == "later"))
    base = dispositions(here, source, settled=settled.to)
    combined = [_combine(b, d, passing=p) for b, d, p in zip(base, decisions, passing, strict=True)]
    writes = records or any(d.rules for d in decisions)
    if writes:
        combined = [replace(one, facts=without_defaults(dict(facts))) for one, facts in zip(combined, copies, strict=True)]
    findings = (Finding(POLICY, BOOK, mask=book.version),) if any(d.rules for d in decisions) else ()
    whole = Verdict(tuple(combined), recorded_facts(message, book) if writes else {}, findings)
    inbound = message["inbound"] is True
    if any(one.do == "refuse" for one in combined):
        tells = source in BOUNCED_LATER and bool(envelope.sender) and modes(envelope.sender) is not None
        whole = _with_one_reply(whole, source, inbound=inbound, tells=tells, late=late)
    return replace(whole, class_=ASIDE) if inbound and _is_all_quarantined(whole.dispositions) else whole


def recorded_facts(message: Facts, book: RuleSet) -> Facts:
    """The facts of a message that its record keeps. Of long lists the beginning, and what a rule in force names: so the rules
    decide the same of the record as of the message, and no head grows with links that nobody asks about."""
    facts = without_defaults(dict(message))
    for name, most in _RECORDED.items():
        values = facts.get(name, ())
        if isinstance(values, tuple) and len(values) > most:
            asking = " ".join(f"{rule.when} {rule.unless}" for rule in book.rules if name in rule.condition.names)
            facts[name] = (*values[:most], *(value for value in values[most:] if value in asking))
    return facts


def _combine(base: Disposition, decision: Decision, *, passing: bool) -> Disposition:
    """What the directory says and what the book says, the stronger of both. What a rule keeps back does not wait for its mailbox:
    it would go, unlooked at, as soon as somebody may read that."""
    if passing:
        forecast = () if decision.do == "deliver" else tuple(f"forecast:{decision.do}:{rule}" for rule in decision.rules)
        return replace(base, rules=(*base.rules, *forecast)) if forecast else base
    if base.do == "kept":
        return base
    marks = tuple((mark.name, mark.words) for mark in decision.marks)
    if decision.do == "deliver" or (decision.do == "mark" and base.do == "hold"):
        return replace(base, rules=(*base.rules, *decision.rules), marks=marks, review=decision.review)
    if base.rules[:1] == (CONTAINED,) and decision.do in _LETS_GO:
        rules = (*base.rules, *decision.rules)
        return replace(base, rules=rules, marks=marks, review=decision.review, secure=decision.secure)
    assert decision.do != "later"
    properties: dict[str, Any] = {"marks": marks, "reply": decision.reply, "review": decision.review, "secure": decision.secure}
    return Disposition(base.to, decision.do, decision.rules, **properties)


def _with_one_reply(verdict: Verdict, source: str, *, inbound: bool, tells: bool, late: bool) -> Verdict:
    """What it means for those who are refused that one answer goes to all, or went already. tells: the sender is one of us, whom a
    report may tell."""
    dispositions = verdict.dispositions
    if not late and all(one.do in ("refuse", "kept") for one in dispositions):
        no = next(one.reply for one in dispositions if one.do == "refuse")
        return replace(verdict, reply=no, class_=REFUSED if inbound else MAIL)
    if not late and source == "lmtp":
        return verdict
    if tells:
        return replace(verdict, dispositions=tuple(replace(one, dsn=True) if one.do == "refuse" else one for one in dispositions))
    return replace(verdict, dispositions=tuple(map(_quarantined, dispositions)))


def _is_all_quarantined(copies: Sequence[Disposition]) -> bool:
    """Whether rules have put every copy aside: then it is kept by a shorter schedule until one of them is let go."""
    actions = {one.do for one in copies}
    return actions <= {"quarantine", "kept"} and "quarantine" in actions


def _quarantined(disposition: Disposition) -> Disposition:
    return (
        replace(disposition, do="quarantine", rules=(*disposition.rules, ONE_ANSWER), reply="")
        if disposition.do == "refuse"
        else disposition
    )


def rejection_reply(reply: str, id_: bytes) -> str:
    """A reply that says no, with the id by which everybody finds what was decided."""
    return f"{reply[: MAX_REPLY_LENGTH - _ROOM]} decision={uuid_text(id_)}"


def envelope_rules(book: RuleSet) -> RuleSet:
    """The book without rules that ask what nobody has looked for: what is left is for mail that is not screened."""
    unread = {name for name, fact in FACTS.items() if fact.check or name.startswith(("from.", "message."))} - _OF_ENVELOPE
    return replace(book, rules=tuple(rule for rule in book.rules if not rule.condition.names & unread))
