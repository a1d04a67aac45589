"""Switch the approval of files on or off for a department (P-22).

More than forty expected requests a day for one manager need a written reason of the policy owner and of the department's head.
"""

from __future__ import annotations

from django.db import transaction

from civicmail.city.directory.models import Department, Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.guard.queries import four_eyes
from civicmail.city.guard.reasons import checked_reason as require_reason
from civicmail.city.guard.resources import DepartmentCase
from civicmail.city.policy import rule_keys
from civicmail.desk.holding import approval_switches, queries
from civicmail.desk.holding.actions import publish_approvals
from civicmail.desk.holding.models import AskedDepartment, UnaskedDepartment

MAX_DAILY_REQUESTS = 40
"""Questions of a manager and working day above which two people say why."""
TENTHS = 10


def switch_on(department: Department, forecast: int, *, actor: Actor, reason: str, now: int) -> AskedDepartment:
    """Switch approval on: at once, or when the head agrees. forecast: requests of a manager on a working day, in tenths. Raises
    NotPermitted, Unusable, and Conflict if it was on already."""
    guard.require(actor, "approval.switch", now=now)
    reason = require_reason(reason, min_length=20)
    rule = queries.rule_set().rule(rule_keys.FILE_WAITS)
    if rule is None or rule.mode != "enforce":
        raise Conflict(
            f"The rule {rule_keys.FILE_WAITS} is not in the book in force, or does not act: adopt it first (rule book, Offered)."
        )
    since = None if forecast > MAX_DAILY_REQUESTS * TENTHS else from_ms(now)
    with transaction.atomic():
        row, created = AskedDepartment.objects.get_or_create(
            department=department,
            defaults={
                "since": since, "by": Person.objects.get(uid=actor.uid), "asked": from_ms(now), "reason": reason,
                "forecast": forecast,
            },
        )  # fmt: skip
        if not created:
            raise Conflict("It was switched on already.")
        UnaskedDepartment.objects.filter(department=department).delete()
        facts = {"forecast": forecast, "acts": int(since is not None)}
        entries.enter("approval.switch", actor=actor, reason=reason, now=now, object=f"department:{department.code}", facts=facts)
    publish_approvals.publish_standing(now)
    return row


def agreement_resource(row: AskedDepartment) -> DepartmentCase:
    """Resource of the agreement: by the department's head, and not by the person who switched it on."""
    return DepartmentCase(row.department.code, first_actors=(row.by.uid,), began_ms=epoch_ms(row.asked))


def agree(row: AskedDepartment, *, actor: Actor, reason: str, now: int) -> None:
    """Agree as the department's head; then it acts. Raises NotPermitted, Unusable, Conflict."""
    four_eyes.require(actor, "approval.agree", agreement_resource(row), now=now)
    reason = require_reason(reason, min_length=20)
    with transaction.atomic():
        head = Person.objects.get(uid=actor.uid)
        fresh = AskedDepartment.objects.filter(pk=row.pk, since__isnull=True)
        if not fresh.update(since=from_ms(now), head=head, head_reason=reason):
            raise Conflict("It acts already.")
        where = f"department:{row.department.code}"
        entries.enter("approval.agree", actor=actor, reason=reason, now=now, object=where, facts={"forecast": row.forecast})
    publish_approvals.publish_standing(now)


def end(department: Department, *, actor: Actor, reason: str, now: int) -> None:
    """End the approval requirement of a department, or decide against one. Raises NotPermitted, Unusable, and Conflict if that was
    decided already."""
    row = AskedDepartment.objects.select_related("department").filter(department=department).first()
    if row is None:
        decide_off(department, actor=actor, reason=reason, now=now)
    else:
        switch_off(row, actor=actor, reason=reason, now=now)


def switch_off(row: AskedDepartment, *, actor: Actor, reason: str, now: int) -> None:
    """Switch approval off; pending requests are still decided. Raises NotPermitted, Unusable."""
    guard.require(actor, "approval.switch", now=now)
    reason = require_reason(reason, min_length=20)
    with transaction.atomic():
        where = f"department:{row.department.code}"
        entries.enter("approval.switch-off", actor=actor, reason=reason, now=now, object=where)
        AskedDepartment.objects.filter(pk=row.pk).delete()
        _record_off(row.department, actor, reason, now)
    publish_approvals.publish_standing(now)


def decide_off(department: Department, *, actor: Actor, reason: str, now: int) -> UnaskedDepartment:
    """Decide that files of an undecided department need no approval. Raises NotPermitted, Unusable, and Conflict if it was decided
    already."""
    guard.require(actor, "approval.switch", now=now)
    reason = require_reason(reason, min_length=20)
    with transaction.atomic():
        Department.objects.select_for_update().get(pk=department.pk)
        if approval_switches.switch_of(department).is_decided:
            raise Conflict("Not saved: a decision about this department exists already.")
        where = f"department:{department.code}"
        entries.enter("approval.switch-off", actor=actor, reason=reason, now=now, object=where)
        row = _record_off(department, actor, reason, now)
    publish_approvals.publish_standing(now)
    return row


def _record_off(department: Department, actor: Actor, reason: str, now: int) -> UnaskedDepartment:
    """Record person and day, in place of the state before decisions were needed."""
    decision = {"by": Person.objects.get(uid=actor.uid), "at": from_ms(now), "reason": reason}
    row, _ = UnaskedDepartment.objects.update_or_create(department=department, defaults=decision)
    return row
