"""Files that a rule holds become a question to the sender's manager; who does not answer in two working hours is stood in for, and
after some days the message goes back to its sender, with words (P-22)."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import orjson
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from civicmail.city.access import workdays, workhours
from civicmail.city.access.actions import entries
from civicmail.city.access.actors import machine
from civicmail.city.access.moments import in_words, moment
from civicmail.city.directory.models import Department, Person
from civicmail.city.notices.actions import tell
from civicmail.city.notices.models import Notice
from civicmail.city.policy.approvals import RULE
from civicmail.core.disk.errors import DamagedFile
from civicmail.desk.holding import approvers, asked, queries, senders
from civicmail.desk.holding.approvalstates import TABLE
from civicmail.desk.holding.models import Approval, ApprovalCopy
from civicmail.desk.mailbox.models import Draft
from civicmail.mail.archive.errors import NotInArchive

SIGN = f'"{RULE}"'.encode()
"""Stands in a head that asks a manager for something."""
USED = b'"recipient.approved":"s'
"""Stands in a head where a standing approval was used."""
PATIENCE = timedelta(hours=2)
"""Working time after which the next ones are asked."""
DAYS = 3
"""Working days after which it goes back."""
SAMPLE = 5
"""Of the files of those who decide about their own, every fifth message is looked at by the next head."""
AT_ONCE = 200
TICK = machine("tick")
CHECK = "leaving"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a head says of a message whose files wait. subject: as asked.Sent; copies: (index, address)."""

    capture: str
    subject: str
    department: str
    at: int
    parts: tuple[tuple[str, str, int, str], ...]
    copies: tuple[tuple[int, str], ...]


def of_record(head: Mapping[str, Any], *, is_receipt: bool) -> Seen | None:
    """Of a receipt, or of what was decided later; None where nothing waits for a manager."""
    return _of_receipt(head) if is_receipt else _of_decision(head)


def _of_receipt(head: Mapping[str, Any]) -> Seen | None:
    """None where nobody inside has sent it."""
    sent = asked.sent(head)
    held = {d["to"] for d in head["dispositions"] if d["do"] == "hold" and RULE in d["rules"]}
    return _seen(head, sent.subject, held, head.get("findings", ())) if sent is not None and held else None


def _of_decision(head: Mapping[str, Any]) -> Seen | None:
    """What was decided later, about a copy that had waited for a check."""
    facts = head["facts"]
    if facts.get("do") != "hold" or RULE not in facts.get("rules", ()):
        return None
    try:
        recorded, _ = queries.kept().record(uuid.UUID(head["id"]).bytes)
    except (NotInArchive, DamagedFile):
        return None
    receipt = orjson.loads(recorded.head(recorded.journal, recorded.number))
    sent = asked.sent(receipt)
    return _seen(receipt, sent.subject, set(head["to"]), facts.get("findings", ())) if sent is not None else None


def used(head: Mapping[str, Any]) -> Iterator[str]:
    """The standing approvals by which files of a receipt left, once for each message."""
    found: dict[str, None] = {}
    for copy in head.get("dispositions", ()):
        found |= dict.fromkeys(str(copy.get("facts", {}).get("recipient.approved", "")).split())
    yield from found


def _seen(head: Mapping[str, Any], subject: str, held: set[int], findings: Iterable[Mapping[str, Any]]) -> Seen:
    parts = [
        (f["part"], f["code"], f["length"], f["mask"]) for f in findings if f["check"] == CHECK and f["code"] in ("file", "link")
    ]
    to = head["envelope"]["to"]
    copies = tuple((index, str(to[index]["a"])) for index in sorted(held))
    return Seen(head["id"], subject, head.get("facts", {}).get("sender.department", ""), head["received"], tuple(parts), copies)


def note(seen: Seen, *, now: int) -> Approval | None:
    """The question, once for each copy. Belongs into a transaction. None where nobody is known to have sent it."""
    person = senders.person_of(seen.subject)
    if person is None or not seen.parts:
        return None
    department = Department.objects.filter(code=seen.department).first() or senders.department_of(person)
    if department is None:
        return None
    own = approvers.is_own(person, department)
    sampled = own and int(hashlib.sha256(seen.capture.encode()).hexdigest(), 16) % SAMPLE == 0
    row, made = Approval.objects.get_or_create(
        capture=seen.capture,
        defaults={
            "person": person, "department": department, "received": moment(seen.at), "made": moment(now), "since": moment(now),
            "parts": [list(part) for part in seen.parts], "own": own, "sampled": sampled, "ends": ends(now),
        },
    )  # fmt: skip
    for index, address in seen.copies:
        ApprovalCopy.objects.get_or_create(approval=row, index=index, defaults={"address": address})
    if made:
        facts = {"files": len(row.parts), "copies": len(seen.copies), "own": int(own)}
        entries.enter("approval.asked", actor=TICK, reason=RULE, now=now, object=f"approval:{row.pk}", facts=facts)
        tell_asked(row, now)
    return row


def ends(now: int) -> datetime:
    """When it goes back to the sender."""
    return workdays.end_of_nth(timezone.localtime(moment(now)), DAYS, holidays())


def holidays() -> frozenset[date]:
    return frozenset(date.fromisoformat(day) for day in settings.CITY.oversight.holidays)


# -- what the time does


def sweep(now: int) -> int:
    """Turns that pass, reminders, and what goes back; how much was done."""
    rows = list(
        Approval.objects.filter(copies__state="waits").distinct().select_related("person", "department").order_by("pk")[:AT_ONCE]
    )
    done = 0
    for row in rows:
        if row.draft is not None and not Draft.objects.filter(uid=row.draft).exists():
            done += _over(row, "moot", "the draft is gone", now)
        elif row.ends <= moment(now):
            done += _over(row, "expire", "nobody has answered", now)
        else:
            done += _stand_in(row, [row.person], now) if row.own else _pass_on(row, now)
    return done + remind([row for row in rows if row.ends > moment(now)], now)


def _pass_on(row: Approval, now: int) -> int:
    """Whoever is next is asked, too, when two working hours are over, or nobody of this turn is there any more."""
    at, since = timezone.localtime(moment(now)), timezone.localtime(row.since)
    groups = approvers.chain(row.department, row.person_id, now)
    if workhours.worked(since, at, holidays()) < PATIENCE or row.step + 1 >= len(groups):
        return _stand_in(row, groups[min(row.step, len(groups) - 1)] if groups else [], now)
    with transaction.atomic():
        row.step += 1
        row.since = moment(now)
        row.save(update_fields=["step", "since"])
        to = [p.uid for p in approvers.asked(row, now)]
        entries.enter(
            "approval.passed-on", actor=TICK, reason="no answer in two working hours", now=now,
            object=f"approval:{row.pk}", facts={"to": to},
        )  # fmt: skip
        tell_asked(row, now)
    return 1


def _stand_in(row: Approval, people: list[Person], now: int) -> int:
    """Whose turn it is hears of it who has had no letter since that began: where who was asked has left, or is away since, at once;
    where it began in an hour that had its letter, when that is over. How many."""
    hour = timezone.localtime(moment(now)).replace(minute=0, second=0, microsecond=0)
    told = Notice.objects.filter(made__gte=min(row.since, hour))
    reached = [p for p in people if senders.address_of(p)]
    if not reached or any(told.filter(key__startswith=f"approval-waits:{p.pk}:").exists() for p in reached):
        return 0
    with transaction.atomic():
        tell_asked(row, now)
    return len(reached)


def _over(row: Approval, action: str, why: str, now: int) -> int:
    with transaction.atomic():
        copies = list(row.copies.select_for_update().filter(state="waits"))
        for copy in copies:
            copy.state, copy.at = TABLE.step(copy.state, action), moment(now)
            copy.save(update_fields=["state", "at"])
        if copies:
            facts = {"copies": len(copies)}
            entries.enter(f"approval.{copies[0].state}", actor=TICK, reason=why, now=now, object=f"approval:{row.pk}", facts=facts)
            tell_sender(row, copies, now)
    return len(copies)


def remind(rows: list[Approval], now: int) -> int:
    """Once a working day, in its first hours, everybody for whom something of an earlier day waits; how many people."""
    at = timezone.localtime(moment(now))
    if not workhours.is_open(at, holidays()):
        return 0
    morning = timezone.make_aware(datetime.combine(at.date(), workhours.FROM))
    due = [r for r in rows if timezone.localtime(r.made).date() < at.date() and (r.reminded is None or r.reminded < morning)]
    people = approvers.asked_of(due, now)
    with transaction.atomic():
        for pk, waiting in sorted(people.items()):
            person = Person.objects.get(pk=pk)
            if to := senders.address_of(person):
                tell(f"approval-reminder:{pk}:{at.date()}", to, _subject(len(waiting)), _text(waiting), now=moment(now))
        Approval.objects.filter(pk__in=[r.pk for r in due]).update(reminded=moment(now))
    return len(people)


# -- what people hear


def tell_asked(row: Approval, now: int) -> None:
    """Those whose turn it is, once an hour at most: forty files a day are not forty letters."""
    at = timezone.localtime(moment(now))
    for person in approvers.asked(row, now):
        if to := senders.address_of(person):
            key = f"approval-waits:{person.pk}:{at:%Y-%m-%d-%H}"
            tell(key, to, _subject(1), _text([row]), now=moment(now))


def tell_sender(row: Approval, copies: list[ApprovalCopy], now: int) -> None:
    """What became of it, with the words of whoever decided."""
    to = senders.address_of(row.person)
    if not to or not copies:
        return
    state, first = copies[0].state, copies[0]
    who = first.by.display if first.by is not None else ""
    began = {
        "approved": _approved(row, first, who),
        "refused": f"{who} did not approve your files, so they do not leave the city.",
        "records": f"{who} says that your files answer a request for public records. They stay here, and the records office takes "
        "care of them: do not send them yourself (P-21).",
        "expired": "Nobody has approved your files in time, so they did not leave the city. Talk to your manager; then send them "
        "again.",
    }
    if state not in began:
        return
    when = timezone.localtime(row.received)
    lines = [began[state], f"The message of {in_words(when.date())} at {when:%H:%M}, to: {', '.join(c.address for c in copies)}"]
    if first.reason:
        lines.append(f"Why: {first.reason}")
    lines.append(f"How it stands: {settings.CITY.web.url}{reverse('approval', args=[row.pk])}")
    subject = {"approved": "Your files were approved", "expired": "Your files were not sent"}.get(state, "Your files do not leave")
    tell(f"approval:{row.pk}:{state}:{first.index}", to, subject, "\n\n".join(lines), now=moment(now))


def _approved(row: Approval, copy: ApprovalCopy, who: str) -> str:
    """In the order of the message; names stay in it."""
    if not copy.without:
        return f"{who} approved your files. They are on their way, unless another rule keeps them: then you hear of that, too."
    out = copy.stay
    which = f"file {out[0]} does" if len(out) == 1 else f"files {', '.join(map(str, out[:-1]))} and {out[-1]} do"
    return f"{who} approved some of your {len(row.parts)} files. They are on their way; {which} not leave."


def _subject(count: int) -> str:
    return "Files wait for your approval" if count == 1 else f"{count} messages with files wait for your approval"


def _text(rows: list[Approval]) -> str:
    """Of nothing but files of one's own, with the list that whoever leads no department has, too."""
    own, count = all(row.own for row in rows), len(rows)
    where = f"{settings.CITY.web.url}{reverse('my-approvals' if own else 'approvals')}"
    begin = (
        "Somebody wants to send files out of the city." if count == 1 else f"{count} messages with files wait to leave the city."
    )
    if own:
        begin = "Files that you send out of the city wait for your own decision, with a reason."
    return f"{begin} May they leave, to exactly these recipients?\n\n{where}"
