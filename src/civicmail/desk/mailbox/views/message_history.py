"""Beside a message of one's own: why it waits, and what happened to it, in sentences (P-06)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext, ngettext

from civicmail.city.directory.models import Person
from civicmail.city.guard.epoch import from_ms
from civicmail.city.pages import wording
from civicmail.city.policy import rule_keys
from civicmail.city.policy.clauses import CLAUSES, clause_url
from civicmail.city.policy.rules import RuleSet
from civicmail.desk.mailbox.forecast import rules_of
from civicmail.desk.mailbox.models import addressbook
from civicmail.desk.mailbox.sent_history import HistoryLine
from civicmail.desk.mailbox.views import words
from civicmail.desk.mailbox.views.opened_message import OpenedMessage
from civicmail.desk.viewer.runs import plain, runs_of
from civicmail.mail.archive.envelopes import Step

MAX_LINES = 15
"""Lines of a history; the page of the delivery has all states."""
_TOGETHER_MS = 60_000
"""Deliveries within a minute are one line."""
_OF_APPROVAL = "approval "
"""How the reason of a release begins that an answer about files caused (holding/actions/approval_execution.py)."""


@dataclass(frozen=True, slots=True)
class HoldReason:
    """A rule that holds copies: title and URL of its clause, and the number of recipients."""

    clause: str
    title: str
    url: str
    count: int


def hold_reasons(one: OpenedMessage, book: RuleSet) -> list[HoldReason]:
    """The rules that hold copies of the message, by clause; of the rule set in force."""
    counts: dict[str, int] = {}
    for p in one.traced.passages:
        if p.state == "held":
            for clause in {r.clause for r in rules_of(p.rules, book) if r.id in p.rules and r.do in ("hold", "quarantine")}:
                counts[clause] = counts.get(clause, 0) + 1
    return [
        HoldReason(clause, wording.translate(CLAUSES[clause].title), clause_url(clause), count)
        for clause, count in sorted(counts.items())
    ]


def history(one: OpenedMessage, others: Sequence[HistoryLine]) -> list[HistoryLine]:
    """What happened to the message, newest first. others: what people decided, and who answered."""
    names = addressbook.names_of([p.address for p in one.traced.passages])
    labels = {p.index: names.get(p.address.lower(), "") or plain(runs_of(p.address)) for p in one.traced.passages}
    lines = [HistoryLine(from_ms(one.capture.received), _sent_text(one)), *others]
    lines += [*_of_receipt(one, labels), *_of_steps(one.traced.steps, labels), *_retried(one, labels)]
    return sorted(lines, key=lambda line: line.at, reverse=True)[:MAX_LINES]


def _sent_text(one: OpenedMessage) -> str:
    uid = one.capture.envelope.login.partition("/")[0]
    if not uid or uid == one.permit.person:
        return gettext("You sent it.")
    name = Person.objects.filter(uid=uid).values_list("display", flat=True).first()
    return gettext("{who} sent it.").format(who=name or uid)


def _of_receipt(one: OpenedMessage, labels: Mapping[int, str]) -> Iterator[HistoryLine]:
    """What rules did when it was sent. Files that wait have a line of their own, and mail for a closed mailbox waits for nobody."""
    kinds: dict[str, list[int]] = {"held": [], "rejected": []}
    for d in one.capture.dispositions:
        if d.do in ("hold", "quarantine") and not ({rule_keys.FILE_WAITS} | rule_keys.OF_MAILBOXES) & set(d.rules):
            kinds["held"].append(d.to)
        elif d.do == "refuse":
            kinds["rejected"].append(d.to)
    at = from_ms(one.capture.received)
    if kinds["held"]:
        yield HistoryLine(at, gettext("A rule held it for {to}.").format(to=_recipients(kinds["held"], labels)))
    if kinds["rejected"]:
        yield HistoryLine(at, gettext("A rule rejected it for {to}.").format(to=_recipients(kinds["rejected"], labels)))


def _of_steps(steps: Iterable[Step], labels: Mapping[int, str]) -> Iterator[HistoryLine]:
    groups: list[tuple[str, int, dict[int, None]]] = []
    latest: dict[str, tuple[int, dict[int, None]]] = {}
    for step in steps:
        if not (kind := _kind(step)):
            continue
        since, to = latest.get(kind, (-_TOGETHER_MS, {}))
        if step.at - since >= _TOGETHER_MS:
            since, to = latest[kind] = step.at, {}
            groups.append((kind, since, to))
        to.update(dict.fromkeys(step.to))
    texts = {
        "delivered": gettext("Delivered to {to}."),
        "failed": gettext("Delivery to {to} failed."),
        "held": gettext("An officer held it for {to}."),
        "released": gettext("Released for {to}."),
        "cancelled": gettext("Canceled for {to}."),
        "pulled": gettext("Security removed it from the mailbox of {to}."),
        "restored": gettext("Security restored it for {to}."),
    }
    for kind, at, indices in groups:
        yield HistoryLine(from_ms(at), texts[kind].format(to=_recipients(indices, labels)))


def _kind(step: Step) -> str:
    """The kind of a step that is told, "" for others; what follows from an answer about files is told with that."""
    facts = dict(step.facts)
    reason = facts.get("reason", "")
    if step.type == "pulled":
        return "restored" if facts.get("back", "") not in ("", "0") else "pulled"
    if step.type == "delivered" and "redelivered" in facts:
        return ""
    if step.type == "released" and reason.startswith(_OF_APPROVAL):
        return ""
    if step.type == "cancelled" and reason.partition(": ")[0] in words.CALLED_OFF:
        return ""
    return step.type if step.type in ("delivered", "failed", "held", "released", "cancelled") else ""


def _retried(one: OpenedMessage, labels: Mapping[int, str]) -> Iterator[HistoryLine]:
    """The last attempt for recipients whose server has not accepted it yet."""
    latest: dict[int, datetime] = {}
    open_ = {p.index: p for p in one.traced.passages if p.state == "deferred"}
    for step in one.traced.steps:
        if step.type == "deferred":
            latest |= {index: from_ms(step.at) for index in step.to if index in open_}
    for index, at in latest.items():
        tries = open_[index].tries
        text = ngettext("Tried {count} time to deliver to {to}.", "Tried {count} times to deliver to {to}.", tries)
        yield HistoryLine(at, text.format(count=tries, to=labels[index]))


def _recipients(indices: Collection[int], labels: Mapping[int, str]) -> str:
    count = len(indices)
    if count == 1:
        return labels.get(next(iter(indices)), "")
    return ngettext("{count} recipient", "{count} recipients", count).format(count=count)
