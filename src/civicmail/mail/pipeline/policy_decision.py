"""Decide on each recipient's copy, and on the reply to the client. Pure.

Rules decide on facts; the directory's decision is combined with theirs, and the stricter one wins. Mail to a mailbox without an
authorized reader stays held whatever the rules decide. If a department is not live, no rule acts, and the result is a forecast.
docs/operate/screening.md has the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from civicmail.city.policy import rule_keys
from civicmail.city.policy.clauses import MAX_REPLY_LENGTH
from civicmail.city.policy.delivery import KEPT_SOURCES, dispositions
from civicmail.city.policy.dispositions import Action, Disposition, Facts, Finding
from civicmail.city.policy.engine import decide
from civicmail.city.policy.facts import FACTS, without_defaults
from civicmail.city.policy.rules import Decision, RuleSet
from civicmail.city.snapshot.snapshot import Snapshot
from civicmail.core.message.model import Envelope
from civicmail.mail.archive.records import ASIDE, MAIL, REFUSED, uuid_text
from civicmail.mail.pipeline.envelope_facts import Modes, joined, of_message, of_recipient
from civicmail.mail.screening.screener import Screened

RULED = frozenset({"mx", "submission", "relay", "lmtp"})
"""Kinds of listeners whose mail the rules apply to: not mail delivered elsewhere, nor our own reports."""
BOUNCED_LATER = frozenset({"submission", "relay"})
"""Listeners whose senders are known, so that a delivery report can tell them of a rejected recipient."""
ONE_ANSWER = "one-answer"
"""The rule that quarantines a copy from outside instead of rejecting it, because another copy was accepted and all share one
reply."""
BOOK = "book"
"""Code of the finding of POLICY with the version of the rule set."""
POLICY = "policy"
_PASSING = frozenset({"elsewhere", "observe"})
_LETS_GO = frozenset({"encrypt", "redirect", "pending", "hold"})
"""Actions that could deliver a copy without a decision about the compromised account."""
_RECORDED = {"links.places": 50, "files.sha256": 20, "files.leaving": 20}
"""Values of a fact that a record keeps, besides those that rules name."""
_ROOM = 60  # characters of a reply for the decision's id
_OF_ENVELOPE = frozenset({"message.size", "message.outside", "message.recipients"})
"""Facts of messages that are known without reading them."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A receipt before rules apply. to: for recipients whose copy is not simply delivered, the decision of the directory, and its
    rule (recipient_expansion.py)."""

    envelope: Envelope
    source: str
    size: int
    to: Mapping[int, tuple[Action, str]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision. facts: of the message, if they differ from defaults; reply: to the client if no recipient gets a copy, or "451
    …" for a retry, with nothing archived; class_: of retention, from archive/records.py."""

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
    """Decide on each copy, and on the reply. records: whether facts are recorded even if no rule applies; late: the message was
    acknowledged long ago. now: epoch ms."""
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
    """The facts that the record keeps: of long lists the beginning, and the values that active rules name. So rules decide the
    same on the record as on the message, and no head grows with links that no rule needs."""
    facts = without_defaults(dict(message))
    for name, most in _RECORDED.items():
        values = facts.get(name, ())
        if isinstance(values, tuple) and len(values) > most:
            asking = " ".join(f"{rule.when} {rule.unless}" for rule in book.rules if name in rule.condition.names)
            facts[name] = (*values[:most], *(value for value in values[most:] if value in asking))
    return facts


def _combine(base: Disposition, decision: Decision, *, passing: bool) -> Disposition:
    """The stricter of the directory's and the rules' decision. A copy that a rule holds does not wait for its mailbox: otherwise it
    would be delivered unchecked as soon as the mailbox has an authorized reader."""
    if passing:
        forecast = () if decision.do == "deliver" else tuple(f"{rule_keys.FORECAST}{decision.do}:{rule}" for rule in decision.rules)
        return replace(base, rules=(*base.rules, *forecast)) if forecast else base
    if base.do == "kept":
        return base
    marks = tuple((mark.name, mark.words) for mark in decision.marks)
    if decision.do == "deliver" or (decision.do == "mark" and base.do == "hold"):
        return replace(base, rules=(*base.rules, *decision.rules), marks=marks, review=decision.review)
    if base.rules[:1] == (rule_keys.CONTAINED,) and decision.do in _LETS_GO:
        rules = (*base.rules, *decision.rules)
        return replace(base, rules=rules, marks=marks, review=decision.review, secure=decision.secure)
    assert decision.do != "later"
    properties: dict[str, Any] = {"marks": marks, "reply": decision.reply, "review": decision.review, "secure": decision.secure}
    return Disposition(base.to, decision.do, decision.rules, **properties)


def _with_one_reply(verdict: Verdict, source: str, *, inbound: bool, tells: bool, late: bool) -> Verdict:
    """Adjust rejected copies when one reply serves all recipients, or was sent already. tells: the sender is ours and can get a
    report."""
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
    """Whether rules quarantined every copy: then a shorter schedule applies until one is released."""
    actions = {one.do for one in copies}
    return actions <= {"quarantine", "kept"} and "quarantine" in actions


def _quarantined(disposition: Disposition) -> Disposition:
    return (
        replace(disposition, do="quarantine", rules=(*disposition.rules, ONE_ANSWER), reply="")
        if disposition.do == "refuse"
        else disposition
    )


def rejection_reply(reply: str, id_: bytes) -> str:
    """A rejecting reply with the id by which the decision can be traced."""
    return f"{reply[: MAX_REPLY_LENGTH - _ROOM]} decision={uuid_text(id_)}"


def envelope_rules(book: RuleSet) -> RuleSet:
    """The rule set without rules that need screening, for mail that is not screened."""
    unread = {name for name, fact in FACTS.items() if fact.check or name.startswith(("from.", "message."))} - _OF_ENVELOPE
    return replace(book, rules=tuple(rule for rule in book.rules if not rule.condition.names & unread))
