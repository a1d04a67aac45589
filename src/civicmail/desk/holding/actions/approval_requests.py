"""Request approval of files that a rule holds (P-22).

After two working hours without an answer the next approvers are notified; after three working days the message goes back to its
sender.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import transaction
from django.utils import timezone, translation

from civicmail.city.conduct.queries import deciders
from civicmail.city.directory.models import Department, Person
from civicmail.city.guard import working_days, working_hours
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import save_values
from civicmail.city.guard.actors import machine
from civicmail.city.guard.epoch import from_ms
from civicmail.city.notices.actions import notify
from civicmail.city.notices.models import Notice
from civicmail.city.pages.days import holidays
from civicmail.city.policy import rule_keys
from civicmail.core.config.log import get_logger
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.ledger.heads import HeadMatcher, prefix, text
from civicmail.desk.holding import approvers, queries, record_facts, senders
from civicmail.desk.holding.actions import approval_notices
from civicmail.desk.holding.approval_states import TABLE
from civicmail.desk.holding.approval_summary import NO_SUMMARY, Summary, summary_of
from civicmail.desk.holding.models import Approval, ApprovalCopy
from civicmail.desk.mailbox.models import Draft
from civicmail.mail.archive.errors import NotInArchive

log = get_logger()
FILE_WAITS = HeadMatcher(text(rule_keys.FILE_WAITS))
"""Occurs in each head that needs a manager's approval."""
STANDING = HeadMatcher(prefix("s", "recipient.approved"))
"""Occurs in each head with a used standing approval."""
ESCALATE_AFTER = timedelta(hours=2)
"""Working time after which the next approvers are notified."""
EXPIRE_AFTER_DAYS = 3
"""Working days after which a request expires."""
SAMPLE_EVERY = 5
"""The next head reviews every fifth decision on own files."""
BATCH_SIZE = 20_000
"""Requests of one round: all that are pending in the largest city."""
MAX_ADDRESS = 254
"""RFC 5321 4.5.3.1.3. The wire takes longer ones: what is cut is nobody's address, so no yes lets such a copy go."""
TICK = machine("tick")
CHECK = "leaving"


@dataclass(frozen=True, slots=True)
class PendingFiles:
    """A message whose files wait. subject: as in record_facts.SentMessage; copies: (index, address); summary: what its approver
    sees before opening a file."""

    capture: str
    subject: str
    department: str
    at: int
    parts: tuple[tuple[str, str, int, str], ...]
    copies: tuple[tuple[int, str], ...]
    summary: Summary = NO_SUMMARY


def pending_files(head: Mapping[str, Any], *, is_receipt: bool) -> PendingFiles | None:
    """Read the pending files from a receipt or a later decision; None if nothing waits for a manager."""
    return _from_receipt(head) if is_receipt else _from_decision(head)


def _from_receipt(head: Mapping[str, Any]) -> PendingFiles | None:
    """The request from the record of a message; None if it was not sent from the city."""
    sent = record_facts.sent_by_anyone(head)
    held = {d["to"] for d in head["dispositions"] if d["do"] == "hold" and rule_keys.FILE_WAITS in d["rules"]}
    return _pending_files(head, sent.subject, held, head.get("findings", ())) if sent is not None and held else None


def _from_decision(head: Mapping[str, Any]) -> PendingFiles | None:
    """Read a later decision on a copy that had waited for a check."""
    facts = head["facts"]
    if facts.get("do") != "hold" or rule_keys.FILE_WAITS not in facts.get("rules", ()):
        return None
    try:
        recorded, _ = queries.held_copies().record(uuid.UUID(head["id"]).bytes)
    except (NotInArchive, DamagedFile):
        return None
    receipt = orjson.loads(recorded.head(recorded.journal, recorded.number))
    sent = record_facts.sent_by_anyone(receipt)
    return _pending_files(receipt, sent.subject, set(head["to"]), facts.get("findings", ())) if sent is not None else None


def standing_approvals_used(head: Mapping[str, Any]) -> Iterator[str]:
    """Yield the standing approvals by which files of a receipt left, once for each message."""
    approval_ids: dict[str, None] = {}
    for copy in head.get("dispositions", ()):
        approval_ids |= dict.fromkeys(str(copy.get("facts", {}).get("recipient.approved", "")).split())
    yield from approval_ids


def _pending_files(head: Mapping[str, Any], subject: str, held: set[int], findings: Collection[Mapping[str, Any]]) -> PendingFiles:
    """Reads the message, so never in a transaction."""
    parts = [
        (f["part"], f["code"], f["length"], f["mask"]) for f in findings if f["check"] == CHECK and f["code"] in ("file", "link")
    ]
    recipients = head["envelope"]["to"]
    copies = tuple((index, str(recipients[index]["a"])) for index in sorted(held))
    return PendingFiles(
        head["id"], subject, head.get("facts", {}).get("sender.department", ""), head["received"], tuple(parts), copies,
        summary_of(queries.held_copies(), head["id"], parts, findings) if parts else NO_SUMMARY,
    )  # fmt: skip


def request_approval(pending: PendingFiles, *, now: int) -> Approval | None:
    """Create the request, once for each copy, in an open transaction. Return None, and log it, if there is no approver."""
    department, person = _responsible(pending, now)
    if department is None or person is None or not pending.parts:
        log.error("files wait, and nobody can be asked about them", capture=pending.capture)
        return None
    has_no_person = senders.person_of(pending.subject) is None
    decides_own = approvers.is_own_approver(person, department, leads=has_no_person)
    sampled = is_sampled(pending.capture, own=decides_own)
    explanation = f"Sent from {pending.subject} by a system that does not say who did it." if has_no_person else ""
    row, created = Approval.objects.get_or_create(
        capture=pending.capture,
        defaults={
            "person": person,
            "department": department,
            "received": from_ms(pending.at),
            "made": from_ms(now),
            "since": from_ms(now),
            "parts": [list(part) for part in pending.parts],
            "subject": pending.summary.subject,
            "names": list(pending.summary.names),
            "findings": [list(finding) for finding in pending.summary.findings],
            "own": decides_own,
            "sampled": sampled,
            "ends": expires_at(now),
            "words": explanation[:400],
        },
    )
    copies = [
        ApprovalCopy.objects.get_or_create(approval=row, index=index, defaults={"address": address[:MAX_ADDRESS]})[1]
        for index, address in pending.copies
    ]
    if new_copies := sum(copies):
        if not created:  # files that another rule held before have their whole time, too
            save_values(row, step=0, since=from_ms(now), ends=expires_at(now))
        facts = {"files": len(row.parts), "copies": new_copies, "own": int(row.own), "links": len(row.links)}
        entries.enter("approval.asked", actor=TICK, reason=rule_keys.FILE_WAITS, now=now, object=f"approval:{row.pk}", facts=facts)
        notify_approvers(row, now)
    return row


def _responsible(pending: PendingFiles, now: int) -> tuple[Department | None, Person | None]:
    """Return the department and the person of these files. For an office's mailbox without a known user: the first person
    responsible for the department, who then decides as on own files. If there is none, an access officer gets the notices, and a
    head who is named later decides."""
    person = senders.person_of(pending.subject)
    department = Department.objects.filter(code=pending.department).first()
    if person is not None:
        return department or senders.department_of(person), person
    groups = approvers.ApproverChains(now).groups_of(department, 0) if department is not None else []
    people = groups[0] if groups else deciders.holders("access-officer", now)
    return department, people[0] if people else None


def is_sampled(id_: str, *, own: bool) -> bool:
    """Whether the next head reviews the decision on these files. id_: of the message or the draft, which a sender cannot choose."""
    return own and int(hashlib.sha256(id_.encode()).hexdigest(), 16) % SAMPLE_EVERY == 0


def expires_at(now: int) -> datetime:
    """When an unanswered request expires."""
    return working_days.end_of_nth(timezone.localtime(from_ms(now)), EXPIRE_AFTER_DAYS, holidays())


# -- what the time does


def sweep(now: int) -> int:
    """Escalate, remind and expire pending requests. Return the number of changes."""
    pending = Approval.objects.filter(copies__state="waits").distinct().select_related("person", "department").order_by("pk")
    rows = list(pending[:BATCH_SIZE])
    chains, last_notices = approvers.ApproverChains(now), _last_notices(rows, now)
    drafts = set(Draft.objects.filter(uid__in=[row.draft for row in rows if row.draft is not None]).values_list("uid", flat=True))
    done = 0
    for row in rows:
        if row.draft is not None and row.draft not in drafts:
            done += _close(row, "moot", "the draft is gone", now)
        elif row.ends <= from_ms(now):
            done += _close(row, "expire", "nobody has answered", now)
        else:
            done += _escalate(row, chains, last_notices, now)
    return done + remind([row for row in rows if row.ends > from_ms(now)], now)


def _last_notices(rows: list[Approval], now: int) -> dict[int, datetime]:
    """When each person (by id) last got a notice of waiting files, since the oldest of these requests."""
    earliest = min((row.since for row in rows), default=from_ms(now))
    notices = Notice.objects.filter(key__startswith="approval-waits:", made__gte=_start_of_hour(earliest)).order_by("made")
    return {int(key.split(":")[1]): made for key, made in notices.values_list("key", "made")}


def _start_of_hour(at: datetime) -> datetime:
    return timezone.localtime(at).replace(minute=0, second=0, microsecond=0)


def _escalate(row: Approval, chains: approvers.ApproverChains, last_notices: dict[int, datetime], now: int) -> int:
    """Notify the next group after two working hours, or new members of the current group."""
    at, since = timezone.localtime(from_ms(now)), timezone.localtime(row.since)
    is_last_group = row.own or row.step + 1 >= len(chains.groups_of(row.department, row.person_id))
    if is_last_group or working_hours.working_time(since, at, holidays()) < ESCALATE_AFTER:
        return _notify_new_approvers(row, chains.current(row), last_notices, now)
    with transaction.atomic():
        row.step += 1
        row.since = from_ms(now)
        row.save(update_fields=["step", "since"])
        approver_uids = [p.uid for p in approvers.current_approvers(row, now)]
        entries.enter(
            "approval.passed-on", actor=TICK, reason="no answer in two working hours", now=now,
            object=f"approval:{row.pk}", facts={"to": approver_uids},
        )  # fmt: skip
        notify_approvers(row, now)
    return 1


def _notify_new_approvers(row: Approval, people: list[Person], last_notices: dict[int, datetime], now: int) -> int:
    """Notify current approvers who got no notice since their turn began: at once if they replace a person who left or is absent,
    and after the hour if its one notice was already sent. Return how many."""
    turn_start = min(row.since, _start_of_hour(from_ms(now)))
    if any(p.pk in last_notices and last_notices[p.pk] >= turn_start for p in people):
        return 0
    notified = [p for p in people if senders.address_of(p)]
    if notified:
        with transaction.atomic():
            notify_approvers(row, now)
        last_notices |= dict.fromkeys((p.pk for p in notified), from_ms(now))
    return len(notified)


def _close(row: Approval, action: str, why: str, now: int) -> int:
    with transaction.atomic():
        copies = list(row.copies.select_for_update().filter(state="waits"))
        for copy in copies:
            save_values(copy, state=TABLE.step(copy.state, action), at=from_ms(now))
        if copies:
            facts = {"copies": len(copies)}
            entries.enter(f"approval.{copies[0].state}", actor=TICK, reason=why, now=now, object=f"approval:{row.pk}", facts=facts)
            notify_sender(row, copies, now)
    return len(copies)


def remind(rows: list[Approval], now: int) -> int:
    """Remind approvers of requests of an earlier day, once a working day in its first hours, unless the sender did it that day.
    Return the number of people."""
    at = timezone.localtime(from_ms(now))
    if not working_hours.is_open(at, holidays()):
        return 0
    due = [row for row in rows if timezone.localtime(row.reminded or row.made).date() < at.date()]
    rows_by_person = approvers.by_approver(due, now)
    with transaction.atomic():
        for pk, pending_rows in sorted(rows_by_person.items()):
            person = Person.objects.get(pk=pk)
            if to := senders.address_of(person):
                with translation.override(person.language):
                    subject, text = approval_notices.approval_request(pending_rows)
                notify(f"approval-reminder:{pk}:{at.date()}", to, subject, text, now=from_ms(now))
        Approval.objects.filter(pk__in=[r.pk for r in due]).update(reminded=from_ms(now))
    return len(rows_by_person)


# -- texts of notices


def notify_approvers(row: Approval, now: int) -> None:
    """Notify the current approvers, at most once an hour, so that forty requests a day are not forty notices."""
    at = timezone.localtime(from_ms(now))
    for person in approvers.current_approvers(row, now):
        if to := senders.address_of(person):
            key = f"approval-waits:{person.pk}:{at:%Y-%m-%d-%H}"
            with translation.override(person.language):
                subject, text = approval_notices.approval_request([row])
            notify(key, to, subject, text, now=from_ms(now))


def notify_sender(row: Approval, copies: list[ApprovalCopy], now: int) -> None:
    """Notify the sender of the outcome, with the reason."""
    to = senders.address_of(row.person)
    if not to or not copies:
        return
    with translation.override(row.person.language):
        notice = approval_notices.decision_notice(row, copies)
    if notice is not None:
        notify(f"approval:{row.pk}:{copies[0].state}:{copies[0].index}", to, *notice, now=from_ms(now))


def notify_still_held(row: Approval, copies: list[ApprovalCopy], now: int) -> None:
    """Notify the sender that another rule holds approved copies."""
    if not (to := senders.address_of(row.person)) or not copies:
        return
    with translation.override(row.person.language):
        subject, text = approval_notices.still_held_notice(row, copies)
    notify(f"approval-kept:{row.pk}:{copies[0].index}", to, subject, text, now=from_ms(now))
