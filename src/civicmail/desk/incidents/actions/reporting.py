"""Report a message: reports of the same message are one case, and a case that has an answer answers at once (P-31)."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import F

from civicmail.city.directory.models import Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, lock_row
from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.resources import OfPerson
from civicmail.core.config.errors import LaterError
from civicmail.core.config.sentence import sentence as _
from civicmail.desk.incidents import queries
from civicmail.desk.incidents.actions.incident_notices import notify_again, notify_officers, notify_reporters
from civicmail.desk.incidents.models import Case, Mark, Report
from civicmail.desk.mailbox.actions import teach_filter
from civicmail.mail.pipeline.fingerprints import Fingerprint

BY_MAIL = machine("reports")
MAX_OUTSIDE = 20
"""Cases that outside reports may open per day, so that one sender cannot flood the desk."""
ANSWER_DAYS = 30
"""An answer that is older than this is given anew."""
_LOCK = 0x63617365
"""Number of the lock of PostgreSQL under which cases begin."""


def report(capture: str, marks: Fingerprint, reporter: Person, how: str, *, actor: Actor, now: int, known: bool = True) -> Report:
    """Report a message as dangerous, once per person. capture: its number (UUID), or the report's own if we do not have the
    message; how: page, mail or link.
    The caller checks that the reporter has the message."""
    with transaction.atomic():
        case, is_new = _case(capture, marks, now, known=known)
        case = case if is_new else lock_row(case)  # an answer given now notifies this reporter too
        is_more = queries.is_more(case, capture)
        made, is_first = Report.objects.get_or_create(
            case=case, reporter=reporter, defaults={"capture": capture, "how": how, "made": from_ms(now)}
        )
        if is_first:
            facts = {"case": case.pk, "how": how}
            entries.enter("report.make", actor=actor, reason="reported", now=now, object=f"capture:{capture}", facts=facts)
            if case.state != "open":
                notify_reporters(case, [made], now)
        if is_new:
            notify_officers(case, now)
        elif is_more:
            notify_again(case, now)
    return made


def report_received(capture: bytes, what: str, *, teaches: bool, actor: Actor, now: int) -> None:
    """Report a message that the actor received. what: danger, spam or good; teaches: it came from outside, so that the filter
    learns. Raises LaterError if the mail cannot be read now."""
    guard.require(actor, "my.mail", OfPerson(actor.uid), now=now)
    if teaches:
        teach_filter.teach(capture, spam=what != "good", actor=actor, now=now)
    if what != "danger":
        return
    marks = queries.marks_of(capture)
    if marks is None:
        raise LaterError(_("The message cannot be read at this moment, so it was not reported. Try again in a minute."))
    report(str(uuid.UUID(bytes=capture)), marks, acting_person(actor), "page", actor=actor, now=now)


def report_from_outside(capture: str, marks: Fingerprint, *, now: int, known: bool = False) -> Case | None:
    """Record a report by an unknown person, from outside or by the link in a copy.
    They get no answer.
    None if there were too many today."""
    with transaction.atomic():
        case = queries.case_like(capture, marks, from_ms(now) - timedelta(days=ANSWER_DAYS))
        if case is None:
            begun = Case.objects.filter(outside__gt=0, reports__isnull=True, made__gt=from_ms(now) - timedelta(days=1)).count()
            if begun >= MAX_OUTSIDE:
                return None
            case, is_new = _case(capture, marks, now, known=known)
            if is_new:
                notify_officers(case, now)
        elif known and queries.is_more(case, capture):
            notify_again(case, now)
        Case.objects.filter(pk=case.pk).update(outside=F("outside") + 1)
    return case


def propose(capture: str, marks: Fingerprint, why: str, *, now: int) -> Case:
    """Open a case for delivered mail because of a later check, whatever was decided before; an officer decides about removal."""
    with transaction.atomic():
        case, is_new = _case(capture, marks, now, known=True, genuine=False)
        if is_new or (case.state == "open" and not case.proposed):
            Case.objects.filter(pk=case.pk).update(proposed=why[:200])
            case.proposed = why[:200]
        if is_new:
            notify_officers(case, now)
        elif queries.is_more(case, capture):
            notify_again(case, now)
    return case


def _case(capture: str, marks: Fingerprint, now: int, *, known: bool, genuine: bool = True) -> tuple[Case, bool]:
    """The one that it belongs to, with what this message adds to its marks; or a new one."""
    since = from_ms(now) - timedelta(days=ANSWER_DAYS)
    case, is_new = queries.case_like(capture, marks, since, genuine=genuine), False
    if case is None:
        _one_at_a_time()
        case = queries.case_like(capture, marks, since, genuine=genuine)
    if case is None:
        made = Case(capture=capture, known=known, text=marks.text, sender=marks.author[:254], made=from_ms(now))
        made.save(force_insert=True)
        case, is_new = made, True
    rows = [Mark(case=case, kind=kind, value=value[:400]) for kind, value in queries.values(marks)]
    Mark.objects.bulk_create(rows, ignore_conflicts=True)
    return case, is_new


def _one_at_a_time() -> None:
    """Serialize new cases: many people report the same wave at once, in slightly different words.
    SQLite allows only one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
