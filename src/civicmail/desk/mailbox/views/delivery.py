"""Delivery: the sender sees every copy with who decides on it, a recipient only their own (promise 4)."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.pages.city_request import CityRequest as Request
from civicmail.city.pages.city_request import acting
from civicmail.city.pages.page import Page
from civicmail.city.policy import rule_keys
from civicmail.city.policy.active_rules import active_or_starter
from civicmail.city.policy.rules import RuleSet
from civicmail.desk.mailbox.delivery_outcomes import held_of
from civicmail.desk.mailbox.forecast import rules_of
from civicmail.desk.mailbox.models import addressbook
from civicmail.desk.mailbox.pending_decisions import PendingDecision, SentCopy, WaitingFiles, pending_decisions
from civicmail.desk.mailbox.sent_history import DecidedCopy, HistoryLine, sent_history
from civicmail.desk.mailbox.views import forecast_panel, message_history, words
from civicmail.desk.mailbox.views.message_history import HoldReason
from civicmail.desk.mailbox.views.opened_message import OpenedMessage, crumbs, open_message
from civicmail.desk.viewer.queries import installation
from civicmail.mail.archive import encryption_proof
from civicmail.mail.archive.envelopes import Passage
from civicmail.mail.courier.secure_routes import NO_WAY

_OUTCOMES = {"delivered": "has", "approval": "approval", "held": "held", "waiting": "way", "trying": "way", "deferred": "way"}
"""State of a copy -> how it is counted."""
_MOVING, _WAITING = frozenset({"waiting", "trying"}), frozenset({"deferred", "held", "approval"})
POLL_MOVING, POLL_WAITING = 3, 30
"""Seconds after which script asks again: while a copy is on its way, and while it waits for a person or another server."""
MAX_SHOWN = 20
"""Copies on the page of a message; the page of its delivery has all."""


@dataclass(frozen=True, slots=True)
class CopyRow:
    """One recipient's copy in words. state: of mail/archive/envelopes.State, or "approval"; name: of a person or list of the city;
    reply: of the last server, for the sender only; again: time of the next attempt; release: the page to release or request it,
    empty if nothing holds it; proof: how it left encrypted, and pickup: the page about it in the portal, both for the sender only;
    decision: who decides on it; decided: what was decided; index: of the recipient."""

    address: str
    state: str
    role: str
    word: Any
    since: datetime
    why: str = ""
    reply: str = ""
    again: datetime | None = None
    release: str = ""
    proof: str = ""
    pickup: str = ""
    name: str = ""
    outside: bool = False
    decision: PendingDecision | None = None
    decided: DecidedCopy | None = None
    index: int = 0


@dataclass(frozen=True, slots=True)
class SentState:
    """How a message of one's own stands, for its page. copies: those that wait come first; why: the reason of all that
    have not arrived, if it is one; more: how many are left out; files: that wait for another person; reasons: rules that hold it;
    history: newest first; poll: seconds after which script asks how it stands, 0 if nothing changes any more."""

    copies: Sequence[CopyRow]
    role: str
    title: str
    is_settled: bool
    why: str
    more: int = 0
    files: WaitingFiles | None = None
    reasons: Sequence[HoldReason] = ()
    history: Sequence[HistoryLine] = ()
    poll: int = 0

    @property
    def digest(self) -> str:
        """Changes with what the page shows."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


@acting("my.mail")
def delivery(request: Request, id: uuid.UUID) -> HttpResponse:
    """Show the delivery of a message. An imported message was delivered elsewhere and has none."""
    one = open_message(request, id)
    back = [*crumbs(), (gettext("Message"), reverse("mail-message", args=[one.id]))]
    shown = {"one": one, "copies": copy_rows(request, one), "at": one.capture.received, "here": request.get_full_path()}
    shown |= {"brought": one.traced.source in ("import", "journal"), "page": Page(gettext("Delivery"), gettext("Delivery"), back)}
    return render(request, "mailbox/delivery.html", shown)


def copy_rows(request: Request, one: OpenedMessage, decided: Mapping[int, DecidedCopy] | None = None) -> list[CopyRow]:
    """The copies that this person may see, in words. decided: what people decided about them."""
    passages = shown_copies(one)
    if one.eye != "author":
        return [_own(p, one.mine.addresses, one.id) for p in passages]
    if decided is None:
        decided = sent_history(request.actor, one.id).copies
    book, names = _book(), addressbook.names_of([p.address for p in passages])
    decisions = pending_decisions(request.actor, held_of(one.traced), epoch_ms(request.now))
    return [
        replace(
            _whole(p, one.id, book, names, decisions.get(SentCopy(one.id, p.index, p.rules))),
            decided=decided.get(p.index),
            index=p.index,
        )
        for p in passages
    ]


def sent_state(request: Request, one: OpenedMessage, replies: Iterable[HistoryLine] = ()) -> SentState | None:
    """How a message stands for its sender; None for others, and for one that was delivered by another system. replies: for its
    history."""
    if one.eye != "author" or one.traced.source in ("import", "journal"):
        return None
    decided = sent_history(request.actor, one.id)
    every = sorted(copy_rows(request, one, decided.copies), key=lambda copy: copy.state in ("delivered", "kept"))
    copies = [copy for copy in every if copy.state != "kept"]
    if not copies:
        return None
    role = next((role for role in ("stop", "wait", "lock") if any(c.role == role for c in copies)), "done")
    is_settled = all(copy.state == "delivered" for copy in copies)
    reasons = {copy.why for copy in copies if copy.state != "delivered"}
    why = reasons.pop() if len(reasons) == 1 else ""
    files = next((copy.decision.files for copy in copies if copy.decision is not None and copy.decision.files), None)
    states = {copy.state for copy in copies}
    return SentState(
        every[:MAX_SHOWN], role, _title(copies), is_settled, why, max(0, len(every) - MAX_SHOWN), files,
        reasons=message_history.hold_reasons(one, _book()),
        history=message_history.history(one, [*decided.lines, *replies]),
        poll=POLL_MOVING if states & _MOVING else POLL_WAITING if states & _WAITING else 0,
    )  # fmt: skip


def _title(copies: Sequence[CopyRow]) -> str:
    """How many recipients have it, and how many do not."""
    count, total = Counter(_OUTCOMES.get(copy.state, "not") for copy in copies), len(copies)
    if total == 1:
        return str(copies[0].word)
    if count["has"] == total:
        return gettext("Delivered to all {n} recipients").format(n=total)
    parts = [gettext("{n} of {total} recipients have it.").format(n=count["has"], total=total)]
    for key, text in (
        ("approval", ngettext("{n} waits for approval.", "{n} wait for approval.", count["approval"])),
        ("held", ngettext("{n} is held.", "{n} are held.", count["held"])),
        ("way", ngettext("{n} is on its way.", "{n} are on their way.", count["way"])),
        ("not", ngettext("{n} does not get it.", "{n} do not get it.", count["not"])),
    ):
        parts += [text.format(n=count[key])] if count[key] else []
    return " ".join(parts)


def shown_copies(one: OpenedMessage) -> list[Passage]:
    """The copies that this person may see."""
    if one.eye == "author":
        return list(one.traced.passages)
    mine = one.mine.addresses
    return [p for p in one.traced.passages if p.address.lower() in mine or p.box.lower() in mine]


def _whole(p: Passage, id_: str, book: RuleSet, names: Mapping[str, str], decision: PendingDecision | None) -> CopyRow:
    role, word = words.copy(p.state, p.do, p.rules)
    again = from_ms(p.next) if p.next else None
    why = (
        str(words.PROOFS.get(p.proof.get("method", ""), ""))
        or unencryptable(p)
        or sender_text(p, book)
        or words.means(p.state, p.do)
    )
    reply = p.reply
    if p.state == "cancelled":
        off, reply = words.called_off(p.reply)
        why = off or why
    state = "approval" if p.state == "held" and rule_keys.FILE_WAITS in p.rules else p.state
    return CopyRow(
        words.marked(p.address), state, role, word, from_ms(p.since), why, reply, again,
        release=release_of(p, id_) if decision is None or decision.withdraw is None else "",
        proof=encryption_proof.line(p.proof),
        pickup=reverse("secure-mail") if p.proof.get("method") == "portal" else "",
        name=names.get(p.address.lower(), ""),
        outside=p.address.rpartition("@")[2].lower() not in settings.CITY.city.domains,
        decision=decision,
    )  # fmt: skip


def _book() -> RuleSet:
    return active_or_starter(installation())


def unencryptable(p: Passage) -> str:
    """The explanation of a copy that must leave encrypted and cannot: not the other side's fault, and nothing that time solves."""
    return str(words.NO_WAY) if p.state in ("deferred", "trying") and p.reply.startswith(NO_WAY) else ""


def sender_text(p: Passage, book: RuleSet) -> str:
    """The explanation of a held or rejected copy for its sender, as the write page showed it: rule, clause, contact. The words are
    those of the rule set in force."""
    acting = [rule for rule in rules_of(p.rules, book) if rule.id in p.rules] if p.state in ("held", "refused") else []
    return " ".join(forecast_panel.why(p.rules, acting))


def _own(p: Passage, mine: Collection[str], id_: str) -> CopyRow:
    """The copies for the person's own addresses. A copy released to another person is not among them, and its recipient is
    private."""
    elsewhere = bool(p.box) and p.box.lower() not in mine
    role, word = words.copy("cancelled" if elsewhere else p.state, p.do)
    address = p.address if p.address.lower() in mine else p.box
    release = "" if elsewhere else release_of(p, id_)
    return CopyRow(words.marked(address), p.state, role, word, from_ms(p.since), words.why(p.rules), release=release)


def release_of(p: Passage, id_: str) -> str:
    """The page to release a copy that a rule holds; a copy that waits for a mailbox or a check continues automatically."""
    if p.state == "held" and rule_keys.FILE_WAITS in p.rules:
        return reverse("approval-of", args=[id_])
    kept = (
        p.state == "held"
        and p.do in ("hold", "quarantine")
        and not (rule_keys.OF_MAILBOXES | {rule_keys.PULLED_BACK}) & set(p.rules)
    )
    return reverse("mail-release", args=[id_]) if kept else ""
