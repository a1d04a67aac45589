"""Delivery: the sender sees every copy, a recipient only their own (promise 4)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from civicmail.city.guard.epoch import from_ms
from civicmail.city.pages.city_request import CityRequest as Request
from civicmail.city.pages.city_request import acting
from civicmail.city.pages.page import Page
from civicmail.city.policy import rule_keys
from civicmail.city.policy.active_rules import active_or_starter
from civicmail.city.policy.rules import RuleSet
from civicmail.desk.mailbox.forecast import rules_of
from civicmail.desk.mailbox.views import forecast_panel, words
from civicmail.desk.mailbox.views.opened_message import OpenedMessage, crumbs, open_message
from civicmail.desk.viewer.queries import installation
from civicmail.mail.archive import encryption_proof
from civicmail.mail.archive.envelopes import Passage
from civicmail.mail.courier.secure_routes import NO_WAY

"""Rules that hold mail for a mailbox without a reader: it leaves by itself."""


@dataclass(frozen=True, slots=True)
class CopyRow:
    """One recipient's copy in words. reply: of the last server, for the sender only; again: time of the next attempt; release: the
    page to release or request it, empty if nothing holds it; proof: how it left encrypted, and pickup: the page about it in the
    portal, both for the sender only."""

    address: str
    role: str
    word: Any
    since: datetime
    why: str = ""
    reply: str = ""
    again: datetime | None = None
    release: str = ""
    proof: str = ""
    pickup: str = ""


@acting("my.mail")
def delivery(request: Request, id: uuid.UUID) -> HttpResponse:
    """Show the delivery of a message. An imported message was delivered elsewhere and has none."""
    one = open_message(request, id)
    book = _book()
    copies = [_whole(p, one.id, book) if one.eye == "author" else _own(p, one.mine.addresses, one.id) for p in shown_copies(one)]
    subject = gettext("Delivery")
    back = [*crumbs(), (gettext("Message"), reverse("mail-message", args=[one.id]))]
    shown = {"one": one, "copies": copies, "at": one.capture.received, "brought": one.traced.source in ("import", "journal")}
    return render(request, "mailbox/delivery.html", {"page": Page(gettext("Delivery"), subject, back), **shown})


def shown_copies(one: OpenedMessage) -> list[Passage]:
    """The copies that this person may see."""
    if one.eye == "author":
        return list(one.traced.passages)
    mine = one.mine.addresses
    return [p for p in one.traced.passages if p.address.lower() in mine or p.box.lower() in mine]


def _whole(p: Passage, id_: str, book: RuleSet) -> CopyRow:
    role, word = words.copy(p.state, p.do)
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
    proof = encryption_proof.line(p.proof)
    pickup = reverse("secure-mail") if p.proof.get("method") == "portal" else ""
    return CopyRow(words.marked(p.address), role, word, from_ms(p.since), why, reply, again, release_of(p, id_), proof, pickup)


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
    return CopyRow(words.marked(address), role, word, from_ms(p.since), words.why(p.rules), release=release)


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
