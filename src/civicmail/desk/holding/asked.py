"""What the records of mail ask people's side to do: findings for a use reviewer, notices to whoever sent it. Knows no Django; pure.

Only mail that came through a door of ours from somebody inside counts: what was imported, journalled or sent by strangers has no
sender whom a rule on use could be about.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from civicmail.city.access.honest import CHECK
from civicmail.city.policy.matrix import WORDS
from civicmail.city.policy.rules import Book, Rule
from civicmail.city.policy.shapes import ABOUT_USE, USE
from civicmail.core.config.sentence import sentence
from civicmail.mail.archive.again import UNAVAILABLE
from civicmail.mail.archive.sentby import ASSERTED
from civicmail.mail.screening import forwarding, leaving, webmail

DOORS = frozenset({"submission", "relay"})
NOTIFY = "notify:"
KEPT = frozenset({"hold", "quarantine"})
EVIDENCE_MOST = 20
FORWARDED = tuple(f'"code":"{code}"'.encode() for code in (webmail.FORWARDED, "out-of-scope", "resent"))
"""One of these stands in the head of every record of mail that a rule of a mailbox sent on."""
_AT_THE_DOOR = frozenset({"out-of-scope", "resent"})
"""By which a relay with a scope refuses what is not written by whose mailbox it comes from (honest.py)."""


@dataclass(frozen=True, slots=True)
class Forwarding:
    """A rule of a mailbox sent it on. mailbox: whose, "" where nothing says it; sure: False where it may be who wrote to that
    mailbox; refused: at the door, before any rule of the city was asked."""

    mailbox: str = ""
    sure: bool = True
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """A message of somebody inside. subject: uid of whoever signed in, else the mailbox that a peer has asserted (P-14);
    at: ms of receipt; exempt: nobody may review it; forwarding: nobody wrote it then."""

    capture: str
    subject: str
    at: int
    exempt: bool
    forwarding: Forwarding | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What was decided of some copies. review: queues; evidence: [check, code, part, mask]."""

    do: str
    rules: tuple[str, ...]
    copies: int
    review: tuple[str, ...] = ()
    evidence: tuple[tuple[str, str, str, str], ...] = ()


def sent(head: Mapping[str, Any], later: Iterable[Mapping[str, Any]] = ()) -> Sent | None:
    """Who sent it, by the head of its receipt; None for what neither somebody inside nor a rule of theirs has sent, and for
    machines. later: findings of checks that were made again."""
    envelope, source = head["envelope"], head["source"]["kind"]
    facts = head.get("facts", {})
    login = envelope["login"].partition("/")[0]
    if source not in DOORS or facts.get("inbound") is True:
        return None
    findings = (*head.get("findings", ()), *later)
    by_rule = _forwarding(findings, envelope["from"].lower(), source)
    subject = _subject(login, envelope["from"].lower(), findings, facts, source)
    exempt = facts.get("use.exempt") is True
    return Sent(head["id"], subject, head["received"], exempt, by_rule) if subject or by_rule else None


def sent_by_any(head: Mapping[str, Any], later: Iterable[Mapping[str, Any]] = ()) -> Sent | None:
    """As sent(); of a machine that signs in, with the address of its mailbox as the subject: rules on use are not about it, but
    somebody answers for what it sends."""
    found = sent(head, later)
    kind, _, address = head["envelope"]["login"].partition("/")[0].partition(":")
    if found is not None or kind != "service" or head["source"]["kind"] not in DOORS:
        return found
    return Sent(head["id"], address, head["received"], exempt=False)


def _subject(login: str, sender: str, findings: Iterable[Mapping[str, Any]], facts: Mapping[str, Any], source: str) -> str:
    """A peer with a scope has asserted the return address, or the author where there is none, as for an automatic reply. What comes
    by a relay counts as a machine's for rules; whether somebody holds that mailbox is told by the directory."""
    if login.startswith("service:") or (source != "relay" and facts.get("sender.machine") is True):
        return ""
    asserted = any(f["check"] == CHECK and f["code"] == ASSERTED for f in findings)  # else anybody could be named
    return login or (sender or str(facts.get("from.address", "")) if asserted else "")


def _forwarding(findings: Iterable[Mapping[str, Any]], sender: str, source: str) -> Forwarding | None:
    seen = {f["code"]: f.get("mask", "") for f in findings if f["check"] == webmail.NAME}
    if webmail.FORWARDED in seen:
        mailbox = seen.get(webmail.FORWARDER) or seen.get(webmail.WRITER, "")
        return Forwarding(mailbox, sure=webmail.WRITER not in seen)
    if source == "relay" and any(f["check"] == CHECK and f["code"] in _AT_THE_DOOR for f in findings):
        return Forwarding("" if forwarding.is_rewritten(sender) else sender, refused=True)
    return None


def of_receipt(head: Mapping[str, Any]) -> list[Said]:
    """What was decided when it came in, copy by copy."""
    seen = _evidence(head.get("findings", ()))
    return [Said(d["do"], tuple(d["rules"]), 1, tuple(d.get("review", ())), seen) for d in head["dispositions"]]


def of_decision(head: Mapping[str, Any]) -> Said:
    """What was decided when it was screened again."""
    facts = head["facts"]
    seen = _evidence(facts.get("findings", ()))
    return Said(facts.get("do", ""), tuple(facts.get("rules", ())), len(head["to"]), tuple(facts.get("review", ())), seen)


def about_use(said: Iterable[Said], book: Book) -> dict[str, tuple[int, tuple[tuple[str, str, str, str], ...]]]:
    """The rules that ask the use reviewer: each with how many copies it is about, and what was seen."""
    found: dict[str, tuple[int, tuple[tuple[str, str, str, str], ...]]] = {}
    for one in said:
        if USE not in one.review:
            continue
        for name in (rule.removeprefix(NOTIFY) for rule in one.rules):
            rule = book.rule(name)
            if rule is not None and rule.review == USE:
                found[name] = found.get(name, (0, ()))[0] + one.copies, one.evidence
    return found


PERSONAL = tuple(sign.encode() for sign in ('"code":"own"', '"code":"commercial"', '"shadow:use-personal'))
"""One of these stands in the head of every record with a sign of personal use; see is_personal."""
ENCRYPTED = b'"do":"encrypt"'
_OWN_USE = frozenset({(webmail.NAME, "own"), (USE, "commercial")})
_PERSONAL, _CONFIDENTIAL = "P-10", "P-19"
_QUALIFIED = ("shadow:", NOTIFY)


def is_personal(head: Mapping[str, Any], said: Iterable[Said], book: Book) -> bool:
    """Whether there is a sign that it was personal use (P-10): it went to the sender's own account outside, has words of a business
    of one's own, or fits a rule on personal use, also one in shadow. For sums alone: it says nothing about one message."""
    seen = {(f["check"], f["code"]) for f in head.get("findings", ())}
    return bool(seen & _OWN_USE) or any(rule.clause == _PERSONAL for one in said for rule in _fitting(one, book))


def confidential(said: Iterable[Said], book: Book) -> str:
    """What was done with a message for what is confidential in it (P-19): "held", "encrypted", or ""."""
    done = {one.do for one in said if any(rule.clause == _CONFIDENTIAL for rule in _acting(one, book))}
    return "held" if done & KEPT else "encrypted" if "encrypt" in done else ""


def _fitting(one: Said, book: Book) -> Iterable[Rule]:
    names = (name.removeprefix(_QUALIFIED[0]).removeprefix(_QUALIFIED[1]) for name in one.rules)
    return [rule for name in names if (rule := book.rule(name)) is not None]


def _acting(one: Said, book: Book) -> Iterable[Rule]:
    return [rule for name in one.rules if (rule := book.rule(name)) is not None and rule.do == one.do]


@dataclass(frozen=True, slots=True)
class Told:
    """What whoever sent it hears of one rule, or of a part that could not check it. words: for them; ask: whom; clause: "P-19"."""

    id: str
    held: bool
    words: str
    ask: str
    clause: str


def for_sender(said: Iterable[Said], book: Book) -> list[Told]:
    """What whoever sent it is told: of rules that hold it, and of those that only tell; each once, held ones first. What is held
    for want of a part alone is told, too: no rule has words for it."""
    found: dict[str, Told] = {}
    for one in said:
        by_rule = False
        for name in one.rules:
            plain, tells = name.removeprefix(NOTIFY), name.startswith(NOTIFY)
            rule = book.rule(plain)
            if rule is None or plain.startswith(ABOUT_USE) or not (rule.sender or rule.reader) or not (tells or one.do in KEPT):
                continue
            if tells or rule.do in KEPT:
                found.setdefault(f"{tells}{plain}", Told(plain, not tells, rule.sender or rule.reader, rule.ask, rule.clause))
                by_rule |= not tells
        if one.do in KEPT and not by_rule and (parts := parts_of(one.rules)):
            found.setdefault(UNAVAILABLE, _unchecked(parts))
    return sorted(found.values(), key=lambda told: (not told.held, told.id))


def parts_of(rules: Iterable[str]) -> tuple[str, ...]:
    """The parts for want of which something was decided."""
    return tuple(name.removeprefix(UNAVAILABLE) for name in rules if name.startswith(UNAVAILABLE))


def _unchecked(parts: tuple[str, ...]) -> Told:
    missing = ", ".join(WORDS.get(part, part) for part in parts)
    words = sentence(
        "It could not be checked ({parts}), so it waits until somebody has looked at it. Nothing was found in it.", parts=missing
    )
    if leaving.NAME in parts:  # then nobody who looks at it can let it go
        words = sentence(
            "It could not be checked ({parts}), so it waits. Nothing was found in it. If it has more than {most} files, it stays: "
            "send them in several messages.", parts=missing, most=leaving.MOST,
        )  # fmt: skip
    return Told(UNAVAILABLE, True, words, "the help desk", "P-25")


def condition(rule: Rule | None) -> str:
    """The digest of what a rule asks: how often it was right is counted for that."""
    return hashlib.sha256(f"{rule.when}\0{rule.unless}".encode()).hexdigest()[:16] if rule is not None else ""


def _evidence(findings: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, str, str, str], ...]:
    """Only of the check for use: what else was found in it is not the reviewer's."""
    seen = [(f["check"], f["code"], f.get("part", ""), f.get("mask", "")) for f in findings if f["check"] == USE]
    return tuple(seen[:EVIDENCE_MOST])
