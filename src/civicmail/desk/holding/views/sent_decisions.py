"""Who decides on held copies that a person sent: approvers of files, and officers on a release request (P-02, P-22)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy

from civicmail.city.directory.models import Mailbox, Person
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.policy import rule_keys
from civicmail.desk.holding import approval_switches, queries, release_kinds, release_states
from civicmail.desk.holding.actions.remind_approvers import may_remind
from civicmail.desk.holding.approvers import ApproverChains, is_own_approver
from civicmail.desk.holding.lists.approvals import MAX_COUNTED, counted, median_wait
from civicmail.desk.holding.models import Approval, ApprovalCopy, Release
from civicmail.desk.mailbox.pending_decisions import Decisions, PendingDecision, SentCopy, WaitingFiles

OFFICERS = {
    "spam": gettext_lazy("a security officer"),
    "asked": gettext_lazy("the recipient"),
    "other": gettext_lazy("a security officer"),
    "confidential": gettext_lazy("a privacy officer"),
    "malware": gettext_lazy("two security officers"),
}
"""Kind of release -> who decides."""
_NOBODY = gettext_lazy("the access office, because nobody of your department can answer")
USUAL_SINCE = timedelta(days=31)
MIN_ANSWERS = 3
"""Answers below which no usual wait is given."""
ANSWERS_OF_APPROVERS = ("approved", "refused", "records")
_WITHOUT_DECISION = rule_keys.OF_MAILBOXES | {rule_keys.PULLED_BACK}


def decisions(actor: Actor, copies: Collection[SentCopy], now: int) -> Decisions:
    """The decision that each copy waits for. now: ms."""
    captures = {copy.capture for copy in copies}
    rows = Approval.objects.filter(capture__in=captures).select_related("person", "department").prefetch_related("copies")
    approvals = {row.capture: row for row in rows}
    requests = Release.objects.filter(capture__in=captures, requester__uid=actor.uid, state__in=release_states.OPEN)
    asked, chains = dict(requests.values_list("capture", "pk")), ApproverChains(now)
    known: dict[SentCopy, PendingDecision] = {}
    for copy in copies:
        row = approvals.get(copy.capture)
        if row is not None and any(c.index == copy.index and c.state == "waits" for c in row.copies.all()):
            known[copy] = _approval(row, copy, actor, chains, now)
        elif not _WITHOUT_DECISION & set(copy.rules):
            known[copy] = _release(copy, asked.get(copy.capture))
    return known


def file_approvers(actor: Actor, mailbox: str, now: int) -> str:
    """The first approvers of files sent from this mailbox, as the request for them will have; "" if they need no approval."""
    box = Mailbox.objects.filter(address=mailbox, closed__isnull=True).select_related("department").first()
    person = Person.objects.filter(uid=actor.uid).first()
    if box is None or box.department is None or person is None or not approval_switches.switch_of(box.department).acts:
        return ""
    if is_own_approver(person, box.department):
        return gettext("you")
    groups = ApproverChains(now).groups_of(box.department, person.pk)
    return _names(groups[0]) if groups else str(_NOBODY)


def _approval(row: Approval, copy: SentCopy, actor: Actor, chains: ApproverChains, now: int) -> PendingDecision:
    """By the current approvers. Colleagues of a shared mailbox see that it waits, and the sender sees for whom."""
    if row.person.uid != actor.uid:
        return PendingDecision(gettext("the manager of {department}").format(department=row.department.name), until=row.ends)
    page, withdraw = reverse("approval", args=[row.pk]), (reverse("approval", args=[row.pk]), "to", str(copy.index))
    if row.own:
        return PendingDecision(gettext("you"), until=row.ends, page=page, withdraw=withdraw)
    groups = chains.groups_of(row.department, row.person_id)
    at = min(row.step, len(groups) - 1)
    who = _names(groups[at]) if groups else str(_NOBODY)
    then = _names(groups[at + 1]) if at + 1 < len(groups) else ""
    return PendingDecision(who, True, then, row.ends, page, withdraw, _waiting_files(row, who, now) if groups else None)


def _waiting_files(row: Approval, who: str, now: int) -> WaitingFiles:
    """What the sender can do. The page that sends the text says whether that is possible, because it reads the message."""
    remind = reverse("mail-remind", args=[row.capture]) if may_remind(row, now) else ""
    text = "" if row.links else reverse("mail-text", args=[row.capture])
    notified, is_reminded = max(row.since, row.reminded or row.since), row.reminded is not None and row.reminded >= row.since
    return WaitingFiles(who, remind, notified, is_reminded, text, counted(row), _usual_wait(row, now))


def _usual_wait(row: Approval, now: int) -> str:
    """The median time to an answer of the department's approvers in the last month, in words; "" after fewer than MIN_ANSWERS."""
    answers = ApprovalCopy.objects.filter(
        approval__department=row.department, approval__own=False, state__in=ANSWERS_OF_APPROVERS, at__gte=from_ms(now) - USUAL_SINCE
    )
    times = list(answers.order_by("-at").values_list("approval__made", "at")[:MAX_COUNTED])
    return median_wait(times) if len(times) >= MIN_ANSWERS else ""


def _names(people: list[Person]) -> str:
    return gettext(" or ").join(map(str, people))


def _release(copy: SentCopy, request: int | None) -> PendingDecision:
    """By an officer, on request."""
    if rule_keys.CONTAINED in copy.rules:
        return PendingDecision(gettext("the security office"))
    kind = release_kinds.kind_of(copy.rules, queries.rule_set())
    if kind == "elsewhere":  # the request for approval is being made
        return PendingDecision(gettext("the manager of your department"))
    page = reverse("mail-release", args=[copy.capture])
    withdraw = (page, "withdraw", str(request)) if request is not None else None
    return PendingDecision(str(OFFICERS[kind]), request is not None, page=page, withdraw=withdraw)
