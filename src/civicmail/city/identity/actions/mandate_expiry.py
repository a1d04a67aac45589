"""Expire examinations: undecided, unused, over, or without an authorized examiner.

A second round has nothing to do.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q

from civicmail.city.guard import mandate_states, mandates
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import machine
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.examination_grounds import HEAD
from civicmail.city.guard.models import Amendment, Mandate
from civicmail.city.identity.models import RoleAssignment
from civicmail.city.identity.queries import access_status
from civicmail.city.identity.queries.actors import departments_led

TICK = machine("tick")
BATCH_SIZE = 500
_UNUSED = timedelta(milliseconds=mandates.UNUSED_MS)


def expire_unused(now: int) -> int:
    """Expire requests that were undecided, and approved examinations that were unused, for 72 hours; also changes that were
    undecided or whose examination is over."""
    late = from_ms(now) - _UNUSED
    rows = _locked(Q(state="asked", asked__lte=late) | Q(state="approved", decided__lte=late))
    count = _done(rows, "lapse", "not answered, or not used, in 72 hours", now)
    changes = Amendment.objects.select_for_update().filter(state="asked")
    open_ = list(changes.filter(Q(asked__lte=late) | ~Q(mandate__state__in=mandate_states.VIEWABLE)).order_by("id")[:BATCH_SIZE])
    for change in open_:
        change.state, change.decided, change.why = "lapsed", from_ms(now), "not answered in time"
    Amendment.objects.bulk_update(open_, ["state", "decided", "why"])
    facts = [(f"mandate:{c.mandate.number}", {"amendment": c.pk}) for c in open_]
    entries.enter_each("mandate.amend-lapse", facts, actor=TICK, reason="its time is over", now=now)
    return max(count, len(open_))


def end(now: int) -> int:
    """Whose time is over."""
    return _done(_locked(Q(state__in=mandate_states.VIEWABLE, until__lte=from_ms(now))), "end", "its time is over", now)


def end_without_role(now: int) -> int:
    """Whose holder has lost the role, the office or access: the guard refuses them already, and they do not come back with it."""
    rows = list(Mandate.objects.filter(state__in=mandate_states.VIEWABLE).select_related("person__account").order_by("id"))
    if not rows:
        return 0
    at = from_ms(now)
    everyone = access_status.load_status(now, {r.person.pk for r in rows})
    grants = RoleAssignment.objects.in_force(at).filter(person__in={r.person.pk for r in rows})
    held = set(grants.values_list("person", "role"))
    lost = []
    for row in rows:
        facts = everyone.facts(row.person.pk, now)
        if row.role == HEAD:
            keeps = bool(row.departments) and set(row.departments) <= departments_led(row.person)
        else:
            keeps = (row.person.pk, row.role) in held
        if not (keeps and facts.employed and not facts.agency and row.person.account.is_active):
            lost.append(row.pk)
    return (
        _done(_locked(Q(pk__in=lost, state__in=mandate_states.VIEWABLE)), "end", "who looked may not any more", now) if lost else 0
    )


def find_unratified(now: int) -> int:
    """Urgent ones whose working day has passed without an answer: findings for the auditors (E4)."""
    rows = _locked(Q(ratified="due", ratify_by__lte=from_ms(now)))
    for row in rows:
        row.ratified = "overdue"
    Mandate.objects.bulk_update(rows, ["ratified"])
    facts = [(f"mandate:{r.number}", {"mandate": r.number, "why": "overdue", "duty": r.role}) for r in rows]
    entries.enter_each("mandate.finding", facts, actor=TICK, reason="an urgent look was not ratified in time", now=now)
    return len(rows)


def _locked(which: Q) -> list[Mandate]:
    return list(Mandate.objects.select_for_update(of=("self",)).filter(which).order_by("id")[:BATCH_SIZE])


def _done(rows: list[Mandate], action: str, why: str, now: int) -> int:
    for row in rows:
        row.state, row.since, row.why = mandate_states.step(row.state, action), from_ms(now), why
    Mandate.objects.bulk_update(rows, ["state", "since", "why"])
    facts = [(f"mandate:{r.number}", {"mandate": r.number, "state": r.state}) for r in rows]
    entries.enter_each(f"mandate.{action}", facts, actor=TICK, reason=why, now=now)
    return len(rows)
