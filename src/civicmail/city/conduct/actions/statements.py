"""The half-yearly statement of a department: opened by the calendar, signed by the head, escalated when it is overdue (P-28)."""

from __future__ import annotations

from datetime import date, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from civicmail.city.conduct import half_year, statement_states
from civicmail.city.conduct.models import Statement
from civicmail.city.conduct.queries import deciders, statement_sections
from civicmail.city.directory.models import Department, Mailbox, Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, locked_row, save_values
from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.epoch import format_day, from_ms
from civicmail.city.guard.errors import Unusable, field_error
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.guard.resources import InDepartment
from civicmail.city.notices.actions import notify

TICK = machine("tick")
DAYS = 31
"""Days after the end of a half in which it is signed."""
REMINDER_DAYS = (14, 7, 1)
"""Days before the due day on which the signer is reminded."""
MAX_REMARKS = 2000
SENTENCE = "I have read this statement, and I answer for it."
"""What the head signs."""


def answer(row: Statement, answer: str, remarks: str, *, actor: Actor, now: int) -> Statement:
    """Sign with the head's answer: "sign" that access is in order, "except" for the exceptions in the remarks. Raises as sign()."""
    if answer == "sign" and remarks.strip():
        raise field_error("answer", "You wrote what is not in order: choose the second answer, or take the words out.")
    if answer == "except" and len(remarks.strip()) < 20:
        raise field_error("remarks", "Say in at least 20 characters what is not in order.")
    return sign(row, remarks, actor=actor, reason=SENTENCE, now=now)


def sign(row: Statement, remarks: str, *, actor: Actor, reason: str, now: int) -> Statement:
    """Sign that use of e-mail is in order, or state the exceptions in remarks. reason: the signed sentence.
    The current numbers are stored with it.
    Raises NotPermitted, Unusable, Conflict if it was signed already."""
    guard.require(actor, "statement.sign", InDepartment(row.department.code), now=now)
    remarks = "\n".join(line.strip() for line in remarks.strip().splitlines())
    if len(remarks) > MAX_REMARKS or (remarks and len(remarks) < 20):
        raise Unusable("Describe the exceptions.", {"remarks": f"Between 20 and {MAX_REMARKS} characters."})
    with locked_row(row, "state") as statement:
        half = half_year.parse(statement.half)
        assert half is not None, "the calendar wrote it"
        statement.state = statement_states.step(statement.state, "except" if remarks else "sign")
        statement.remarks, statement.person, statement.signed = remarks, acting_person(actor), from_ms(now)
        statement.numbers = statement_sections.sections(statement.department, half, now)
        statement.save()
        facts = {"half": statement.half, "state": statement.state, "due": str(statement.due)}
        object_ = f"department:{statement.department.code}"
        entries.enter(
            "statement.sign", actor=actor, reason=checked_reason(reason, max_length=400), now=now, object=object_, facts=facts
        )
        if remarks:
            _tell_directors(statement, "is signed, and not all is in order", now)
    return statement


# -- what the time does


def open_due(now: int) -> int:
    """Open one statement for each accountable department, about the past half-year, and notify the signer; how many.
    A new department answers for its first whole half-year."""
    today = timezone.localdate(from_ms(now))
    half = half_year.of(today).before()
    if today > half.last + timedelta(days=DAYS):
        return 0
    had = set(Statement.objects.filter(half=str(half)).values_list("department", flat=True))
    done = 0
    for department in deciders.accountable_departments(now):
        if department.pk in had:
            continue
        done += open_one(department, half, half.last + timedelta(days=DAYS), now)
    return done


def open_one(department: Department, half: half_year.Half, due: date, now: int) -> bool:
    """Open one statement and notify the signer; False if it is open already. due: the last day to sign."""
    with transaction.atomic():
        row, made = Statement.objects.get_or_create(
            department=department, half=str(half), defaults={"made": from_ms(now), "due": due}
        )
        if made:
            facts = {"half": row.half, "due": str(due)}
            entries.enter("statement.open", actor=TICK, reason="", now=now, object=f"department:{department.code}", facts=facts)
            _ask(row, "opened", now)
    return made


def remind(now: int) -> int:
    """Remind signers 14, 7 and 1 days before the due day; how many."""
    today = timezone.localdate(from_ms(now))
    rows = Statement.objects.filter(state="open", due__in=[today + timedelta(days=n) for n in REMINDER_DAYS]).select_related(
        "department__head"
    )
    return sum(_ask(row, f"due-{(row.due - today).days}", now) for row in rows.order_by("pk"))


def find_overdue(now: int) -> int:
    """Report unsigned statements to the administration director, once; how many (P-28)."""
    today = timezone.localdate(from_ms(now))
    done = 0
    while True:
        with transaction.atomic():
            late = Statement.objects.select_for_update(of=("self",)).filter(state="open", due__lt=today, overdue__isnull=True)
            row = late.select_related("department").order_by("pk").first()
            if row is None:
                return done
            save_values(row, overdue=from_ms(now))
            facts = {"half": row.half, "due": str(row.due)}
            entries.enter(
                "statement.overdue", actor=TICK, reason="", now=now, object=f"department:{row.department.code}", facts=facts
            )
            _tell_directors(row, "was not signed in time", now)
            _ask(row, "overdue", now)
            done += 1


def _ask(row: Statement, step: str, now: int) -> int:
    """Write to who signs; how many."""
    half = half_year.parse(row.half)
    assert half is not None, "the calendar wrote it"
    text = "\n\n".join(
        [
            f"Your department answers for its people's use of e-mail twice a year. The statement of {row.department} for "
            f"{half.in_words} is filled in: read it, and sign it, or say what is not in order, by {format_day(row.due)}.",
            link(row),
        ]
    )
    subject = f"Statement for {half.in_words}: sign by {format_day(row.due)}"
    return tell(deciders.of_department(row.department, now), f"statement:{row.pk}:{step}", subject, text, now)


def _tell_directors(row: Statement, news: str, now: int) -> None:
    half = half_year.parse(row.half)
    assert half is not None, "the calendar wrote it"
    subject = f"{row.department}: the statement for {half.in_words} {news}"
    tell(
        deciders.holders("administration-director", now) or deciders.holders("access-officer", now),
        f"statement:{row.pk}:{row.state}",
        subject,
        f"{subject}.\n\n{link(row)}",
        now,
    )


def tell(people: list[Person], key: str, subject: str, text: str, now: int) -> int:
    """Write to the personal mailbox of each; how many have one."""
    boxes = Mailbox.objects.filter(holder__in=people, kind="personal", closed__isnull=True).order_by("holder", "-made")
    to: dict[int, str] = {}
    for holder, address in boxes.values_list("holder", "address"):
        to.setdefault(holder or 0, address)
    for person, address in to.items():
        notify(f"{key}:{person}", address, subject, text, now=from_ms(now))
    return len(to)


def link(row: Statement) -> str:
    """The link to read and sign it."""
    return f"{settings.CITY.web.url}{reverse('statement', args=[row.department.code, row.half])}"
