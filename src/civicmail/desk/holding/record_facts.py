"""Facts of mail records that concern people: findings for use reviewers and notices for senders. Knows no Django; pure.

Only mail that someone in the city sent through an entry point of ours counts. Imported and journaled mail, and mail of
strangers, has no sender whom a rule on use could concern.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from civicmail.city.policy import rule_keys
from civicmail.city.policy.dispositions import USE_CHECK, USE_PREFIX
from civicmail.city.policy.failure_policy import PART_LABELS
from civicmail.city.policy.rules import Rule, RuleSet
from civicmail.city.snapshot.sender_alignment import CHECK
from civicmail.core.config.sentence import sentence
from civicmail.core.ledger.heads import HeadMatcher, member, prefix
from civicmail.mail.archive.mailbox_evidence import ASSERTED
from civicmail.mail.screening import forwarding, outbound_files, webmail

ENTRY_POINTS = frozenset({"submission", "relay"})
HELD = frozenset({"hold", "quarantine"})
MAX_EVIDENCE = 20
FORWARDED = HeadMatcher(*(member("code", code) for code in (webmail.FORWARDED, "out-of-scope", "resent")))
"""One of these occurs in the head of every record of forwarded mail."""
_REFUSED_CODES = frozenset({"out-of-scope", "resent"})
"""Codes with which a relay with a scope rejects mail that the owner of its mailbox did not write (sender_alignment.py)."""


@dataclass(frozen=True, slots=True)
class Forwarding:
    """A rule of a mailbox forwarded it. mailbox: its address, "" if unknown; sure: False if it may be the mailbox of the
    original sender; refused: rejected at the entry point, before any rule of the city."""

    mailbox: str = ""
    sure: bool = True
    refused: bool = False


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message sent by a person of the city. subject: uid of the person who signed in, else the mailbox that a peer asserted
    (P-14); at: ms of receipt; exempt: it must not be reviewed; forwarding: a mailbox rule sent it."""

    capture: str
    subject: str
    at: int
    exempt: bool
    forwarding: Forwarding | None = None


@dataclass(frozen=True, slots=True)
class CopyDecision:
    """The decision on some copies. review: queues; evidence: [check, code, part, mask]."""

    do: str
    rules: tuple[str, ...]
    copies: int
    review: tuple[str, ...] = ()
    evidence: tuple[tuple[str, str, str, str], ...] = ()


def sent_by_person(head: Mapping[str, Any], later: Iterable[Mapping[str, Any]] = ()) -> SentMessage | None:
    """The sender, from the head of a receipt; None if neither a person in the city nor a rule of theirs sent it, and for
    services. later: findings of repeated checks."""
    envelope, source = head["envelope"], head["source"]["kind"]
    facts = head.get("facts", {})
    login = envelope["login"].partition("/")[0]
    if source not in ENTRY_POINTS or facts.get("inbound") is True:
        return None
    findings = (*head.get("findings", ()), *later)
    by_rule = _forwarding(findings, envelope["from"].lower(), source)
    subject = _subject(login, envelope["from"].lower(), findings, facts, source)
    exempt = facts.get("use.exempt") is True
    return SentMessage(head["id"], subject, head["received"], exempt, by_rule) if subject or by_rule else None


def sent_by_anyone(head: Mapping[str, Any], later: Iterable[Mapping[str, Any]] = ()) -> SentMessage | None:
    """As sent_by_person(), including services that sign in, with the address of their mailbox: rules on use are not about a
    service, but a person is responsible for its mail."""
    message = sent_by_person(head, later)
    kind, _, address = head["envelope"]["login"].partition("/")[0].partition(":")
    if message is not None or kind != "service" or head["source"]["kind"] not in ENTRY_POINTS:
        return message
    return SentMessage(head["id"], address, head["received"], exempt=False)


def _subject(login: str, sender: str, findings: Iterable[Mapping[str, Any]], facts: Mapping[str, Any], source: str) -> str:
    """The subject: a peer with a scope asserts the return address, or the author if there is none, as in an auto-reply. Mail by a
    relay counts as a service's for rules; the directory shows whether a person owns the mailbox."""
    if login.startswith("service:") or (source != "relay" and facts.get("sender.machine") is True):
        return ""
    asserted = any(f["check"] == CHECK and f["code"] == ASSERTED for f in findings)  # else anybody could be named
    return login or (sender or str(facts.get("from.address", "")) if asserted else "")


def _forwarding(findings: Iterable[Mapping[str, Any]], sender: str, source: str) -> Forwarding | None:
    masks = {f["code"]: f.get("mask", "") for f in findings if f["check"] == webmail.NAME}
    if webmail.FORWARDED in masks:
        mailbox = masks.get(webmail.FORWARDER) or masks.get(webmail.WRITER, "")
        return Forwarding(mailbox, sure=webmail.WRITER not in masks)
    if source == "relay" and any(f["check"] == CHECK and f["code"] in _REFUSED_CODES for f in findings):
        return Forwarding("" if forwarding.is_rewritten(sender) else sender, refused=True)
    return None


def receipt_decisions(head: Mapping[str, Any]) -> list[CopyDecision]:
    """Decisions at receipt, copy by copy."""
    evidence = _evidence(head.get("findings", ()))
    return [CopyDecision(d["do"], tuple(d["rules"]), 1, tuple(d.get("review", ())), evidence) for d in head["dispositions"]]


def later_decision(head: Mapping[str, Any]) -> CopyDecision:
    """The decision of a repeated screening."""
    facts = head["facts"]
    evidence = _evidence(facts.get("findings", ()))
    return CopyDecision(
        facts.get("do", ""), tuple(facts.get("rules", ())), len(head["to"]), tuple(facts.get("review", ())), evidence
    )


def use_findings(decisions: Iterable[CopyDecision], book: RuleSet) -> dict[str, tuple[int, tuple[tuple[str, str, str, str], ...]]]:
    """Rules that need a use reviewer: each with the number of copies, and the evidence."""
    by_rule: dict[str, tuple[int, tuple[tuple[str, str, str, str], ...]]] = {}
    for decision in decisions:
        if USE_CHECK not in decision.review:
            continue
        for name in (rule.removeprefix(rule_keys.NOTIFY) for rule in decision.rules):
            rule = book.rule(name)
            if rule is not None and rule.review == USE_CHECK:
                by_rule[name] = by_rule.get(name, (0, ()))[0] + decision.copies, decision.evidence
    return by_rule


FOR_TOTALS = HeadMatcher(
    member("code", "own"), member("code", "commercial"), prefix(f"{rule_keys.SHADOW}use-personal"), member("do", "encrypt")
)
"""Finds every record with a sign of personal use (is_personal) or an encrypted copy; such records are read for totals alone."""
_OWN_USE = frozenset({(webmail.NAME, "own"), (USE_CHECK, "commercial")})
_PERSONAL, _CONFIDENTIAL = "P-10", "P-19"
_QUALIFIED = (rule_keys.SHADOW, rule_keys.NOTIFY)


def is_personal(head: Mapping[str, Any], decisions: Iterable[CopyDecision], book: RuleSet) -> bool:
    """Whether there are signs of personal use (P-10): mail to the sender's own account outside, words of a private business, or a
    rule on personal use, also in shadow. For totals only: it is no evidence about one message."""
    codes = {(f["check"], f["code"]) for f in head.get("findings", ())}
    return bool(codes & _OWN_USE) or any(
        rule.clause == _PERSONAL for decision in decisions for rule in _matching_rules(decision, book)
    )


def confidential_outcome(decisions: Iterable[CopyDecision], book: RuleSet) -> str:
    """The outcome for confidential content (P-19): "held", "encrypted", or ""."""
    actions = {decision.do for decision in decisions if any(rule.clause == _CONFIDENTIAL for rule in _acting_rules(decision, book))}
    return "held" if actions & HELD else "encrypted" if "encrypt" in actions else ""


def _matching_rules(decision: CopyDecision, book: RuleSet) -> Iterable[Rule]:
    names = (name.removeprefix(_QUALIFIED[0]).removeprefix(_QUALIFIED[1]) for name in decision.rules)
    return [rule for name in names if (rule := book.rule(name)) is not None]


def _acting_rules(decision: CopyDecision, book: RuleSet) -> Iterable[Rule]:
    return [rule for name in decision.rules if (rule := book.rule(name)) is not None and rule.do == decision.do]


@dataclass(frozen=True, slots=True)
class RuleNotice:
    """The part of a sender's notice about one rule, or about an unavailable check. words: for the sender; ask: contact; clause:
    "P-19"."""

    id: str
    held: bool
    words: str
    ask: str
    clause: str


def rule_notices(decisions: Iterable[CopyDecision], book: RuleSet) -> list[RuleNotice]:
    """Notices for the sender: about rules that hold the message, and rules that only notify; each once, holding ones first. A copy
    that is held only for an unavailable check is included, because no rule has words for it."""
    notices: dict[str, RuleNotice] = {}
    for decision in decisions:
        is_explained = False
        for name in decision.rules:
            rule_name, is_notice = name.removeprefix(rule_keys.NOTIFY), name.startswith(rule_keys.NOTIFY)
            rule = book.rule(rule_name)
            if (
                rule is None
                or rule_name.startswith(USE_PREFIX)
                or not (rule.sender or rule.reader)
                or not (is_notice or decision.do in HELD)
            ):
                continue
            if is_notice or rule.do in HELD:
                notices.setdefault(
                    f"{is_notice}{rule_name}",
                    RuleNotice(rule_name, not is_notice, rule.sender or rule.reader, rule.ask, rule.clause),
                )
                is_explained |= not is_notice
        if decision.do in HELD and not is_explained and (parts := unavailable_parts(decision.rules)):
            notices.setdefault(rule_keys.UNAVAILABLE, _unchecked_notice(parts))
    return sorted(notices.values(), key=lambda notice: (not notice.held, notice.id))


def unavailable_parts(rules: Iterable[str]) -> tuple[str, ...]:
    """The unavailable parts that led to a decision."""
    return tuple(name.removeprefix(rule_keys.UNAVAILABLE) for name in rules if name.startswith(rule_keys.UNAVAILABLE))


def _unchecked_notice(parts: tuple[str, ...]) -> RuleNotice:
    missing = ", ".join(PART_LABELS.get(part, part) for part in parts)
    words = sentence(
        "It could not be checked ({parts}), so it waits until somebody has looked at it. Nothing was found in it.", parts=missing
    )
    if outbound_files.NAME in parts:  # then no reviewer can release it
        words = sentence(
            "It could not be checked ({parts}), so it waits. Nothing was found in it. If it has more than {most} files, it stays: "
            "send them in several messages.", parts=missing, most=outbound_files.MAX_FILES,
        )  # fmt: skip
    return RuleNotice(rule_keys.UNAVAILABLE, True, words, "the help desk", "P-25")


def condition_digest(rule: Rule | None) -> str:
    """Digest of a rule's condition; precision is counted by it."""
    return hashlib.sha256(f"{rule.when}\0{rule.unless}".encode()).hexdigest()[:16] if rule is not None else ""


def _evidence(findings: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, str, str, str], ...]:
    """Evidence of the check for use only: the reviewer gets no other findings."""
    evidence = [(f["check"], f["code"], f.get("part", ""), f.get("mask", "")) for f in findings if f["check"] == USE_CHECK]
    return tuple(evidence[:MAX_EVIDENCE])
