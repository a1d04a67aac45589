"""Roles: assigned with an end; never two that exclude each other, unless an exception is recorded with its safeguard; activated for
hours if they are privileged (P-16; D1 to D4). The first grant claims the installation for good."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.db import transaction

from civicmail.city.directory.models import Department, Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import employment, lock_row, locked_row, save_values
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable, field_error, require_usable
from civicmail.city.guard.models import Account
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.guard.resources import OfPerson
from civicmail.city.guard.roles import CONFLICTS, MAX_HOURS, ROLES, Role, conflicts
from civicmail.city.identity.actions.publishing import data_folder, publish_on_commit
from civicmail.city.identity.models import ConflictRecord, RoleActivation, RoleAssignment
from civicmail.city.identity.office_lists import OFFICE_LISTS
from civicmail.city.identity.person_kinds import MAX_AUTHORIZATION
from civicmail.city.identity.queries.actors import about_person
from civicmail.core.config.sentence import sentence
from civicmail.core.disk.files import OS_FILES, Files

HOUR_MS = 3_600_000
_MAY_MOVE_LISTS = frozenset({"duty.grant", "duty.end", "access.claim", "access.recover"})


def grant(
    person: Person,
    role: Role,
    *,
    until: int,
    actor: Actor,
    reason: str,
    now: int,
    department: Department | None = None,
    starts: int | None = None,
) -> RoleAssignment:
    """Somebody has a role from now, or starts, until a time within a year; ms. department: for one of a department's. Raises
    NotPermitted, Unusable, and Conflict where it excludes another one that the person has meanwhile."""
    guard.require(actor, "duty.grant", about_person(person), now=now)
    if (data := data_folder()) is not None and not guard.is_claimed(data):
        if role != "access-officer":
            raise Conflict("The first role of an installation is the access officer's: who has it grants the others.")
        claim(data)
    return _grant(person, role, until=until, actor=actor, reason=reason, now=now, department=department, starts=starts)


def first(person: Person, *, until: int, actor: Actor, reason: str, now: int) -> RoleAssignment:
    """Make a person the first access officer, for claiming.py, which writes the marker before it commits. Raises Conflict in a
    claimed installation, also if the claim was interrupted: then the recovery key is the way in."""
    if not actor.machine:
        raise NotPermitted("Officers grant roles; this is for the command line of the owner.")
    if (data := data_folder()) is not None and guard.is_claimed(data):
        raise Conflict("This installation is claimed already; `civicmail access recover` gets in with the recovery key.")
    return _grant(person, "access-officer", until=until, actor=actor, reason=reason, now=now, act="access.claim")


def recover(person: Person, prove: Callable[[], None], *, until: int, actor: Actor, reason: str, now: int) -> RoleAssignment:
    """Make a person access officer with the recovery key, if no other person could assign it: `access recover`. prove raises unless
    the key is right; actor: the user of the command. The sign-in is released."""
    prove()
    if not actor.machine:
        raise NotPermitted("Officers grant roles; this is for the command line of the owner.")
    if (data := data_folder()) is not None:
        claim(data)
    with transaction.atomic():
        given = _grant(person, "access-officer", until=until, actor=actor, reason=reason, now=now, act="access.recover")
        for account in Account.objects.select_for_update().filter(person=person):
            save_values(account, locked=None)
    return given


def claim(data: Path, files: Files = OS_FILES) -> None:
    """Mark that a role was assigned here: durable before the assignment, so that the owner of the folder permanently loses the
    initial rights."""
    path = data / "claimed"
    if not path.exists():
        files.replace(path, b"")


def end(held: RoleAssignment, *, actor: Actor, reason: str, now: int) -> None:
    """A role ends before its time, and what was activated under it. Raises Conflict when it has ended."""
    guard.require(actor, "duty.end", about_person(held.person), now=now)
    reason = checked_reason(reason)
    with locked_row(held, "ended") as row:
        if row.ended is not None or row.until <= from_ms(now):
            raise Conflict("This role has ended already.")
        save_values(row, ended=from_ms(now))
        RoleActivation.objects.filter(grant=row, laid_down__isnull=True, until__gt=from_ms(now)).update(laid_down=from_ms(now))
        _entered("duty.end", row, actor, reason, now)


def record_conflict(
    person: Person, first: Role, second: Role, *, control: str, until: int, actor: Actor, now: int
) -> ConflictRecord:
    """Record why a person may have two roles that exclude each other, the safeguard, and until when (ms, within a year) (D3).
    Raises Unusable."""
    guard.require(actor, "duty.record-conflict", about_person(person), now=now)
    control = checked_reason(control, "control", min_length=30, max_length=2000)
    fields = {}
    if frozenset({first, second}) not in CONFLICTS:
        fields["second"] = "These two do not exclude each other."
    if not now < until <= now + MAX_AUTHORIZATION.days * 24 * HOUR_MS:
        fields["until"] = "A conflict is recorded for a year at most."
    require_usable(fields)
    first, second = sorted((first, second))
    with transaction.atomic():
        lock_row(person)
        same = ConflictRecord.objects.filter(person=person, first=first, second=second, until__gte=from_ms(until))
        if same.exists():
            raise Conflict(f"This conflict of {person} is recorded already, for as long or longer.")
        made = ConflictRecord.objects.create(
            person=person, first=first, second=second, control=control, until=from_ms(until), by=actor.uid, at=from_ms(now)
        )
        facts = {"first": first, "second": second, "until": until}
        entries.enter(
            "duty.record-conflict", actor=actor, reason=control[:400], now=now, object=f"person:{person.uid}", facts=facts
        )
    return made


def activate(held: RoleAssignment, *, hours: int, actor: Actor, reason: str, now: int) -> RoleActivation:
    """Activate a privileged role of one's own for at most four hours, with a reason (D4). Asks about conflicts again (D1)."""
    guard.require(actor, "duty.take-up", OfPerson(held.person.uid), now=now)
    reason = checked_reason(reason, min_length=10)
    if not 1 <= hours <= MAX_HOURS:
        raise Unusable(f"A role is activated for 1 to {MAX_HOURS} hours.", {"hours": f"From 1 to {MAX_HOURS}."})
    with locked_row(held, "ended") as row:
        at = from_ms(now)
        if row.ended is not None or not row.starts <= at < row.until:
            raise Conflict(sentence("This role is not in force."))
        if row.role not in ROLES or not ROLES[row.role].privileged:
            raise Conflict(sentence("This role does not have to be activated."))
        _require_compatible(row.person, row.role, now, now + 1, besides=row.pk)
        RoleActivation.objects.filter(grant=row, laid_down__isnull=True, until__gt=at).update(laid_down=at)
        use = RoleActivation.objects.create(grant=row, reason=reason, at=at, until=min(from_ms(now + hours * HOUR_MS), row.until))
        _entered("duty.take-up", row, actor, reason, now, taken_until=epoch_ms(use.until))
    return use


def deactivate(use: RoleActivation, *, actor: Actor, now: int) -> None:
    """Deactivate a role that was activated; a second time changes nothing."""
    guard.require(actor, "duty.take-up", OfPerson(use.grant.person.uid), now=now)
    with locked_row(use) as row:
        if row.laid_down is None and row.until > from_ms(now):
            save_values(row, laid_down=from_ms(now))
            _entered("duty.lay-down", row.grant, actor, "", now)


def _grant(
    person: Person,
    role: Role,
    *,
    until: int,
    actor: Actor,
    reason: str,
    now: int,
    department: Department | None = None,
    starts: int | None = None,
    act: str = "duty.grant",
) -> RoleAssignment:
    starts = now if starts is None else starts
    reason = checked_reason(reason, min_length=10)
    fields = {}
    if role not in ROLES:
        raise field_error("duty", "There is no such role.")
    if ROLES[role].departmental != (department is not None):
        fields["department"] = (
            "Say for which department." if ROLES[role].departmental else "This role is the whole city's, not a department's."
        )
    if not now <= starts < until <= starts + MAX_AUTHORIZATION.days * 24 * HOUR_MS:
        fields["until"] = "A role begins now or later, and ends within a year."
    require_usable(fields)
    with transaction.atomic():
        lock_row(person)  # two who grant at once must not both pass the table of conflicts
        employment(person)
        at, end_ = from_ms(starts), from_ms(until)
        twice = RoleAssignment.objects.filter(
            person=person, role=role, department=department, ended__isnull=True, until__gt=at, starts__lt=end_
        )
        if twice.exists():
            raise Conflict(f"{person} has this role at that time already.")
        _require_compatible(person, role, starts, until)
        made = RoleAssignment.objects.create(
            person=person, role=role, department=department, starts=at, until=end_, by=actor.uid, reason=reason
        )
        _entered(act, made, actor, reason, now)
    return made


def _require_compatible(person: Person, role: str, starts: int, until: int, besides: int = 0) -> None:
    """Raise Conflict where the person has a role at some time between, ms, that excludes this one, unless that was recorded for as
    long."""
    others = RoleAssignment.objects.filter(person=person, ended__isnull=True, until__gt=from_ms(starts), starts__lt=from_ms(until))
    held = {row.role: row for row in others.exclude(pk=besides).order_by("until")}
    bad = conflicts(frozenset(d for d in ROLES if d in held), next(d for d in ROLES if d == role))
    for other in bad:
        last = min(from_ms(until), held[other].until)
        first, second = sorted((role, other))
        recorded = ConflictRecord.objects.filter(person=person, first=first, second=second, until__gte=last)
        if not recorded.exists():
            names = f"{ROLES[other].name} and {next(m.name for d, m in ROLES.items() if d == role)}"
            raise Conflict(
                f"{person} would have two roles that exclude each other: {names}. End one, or record why and who watches."
            )


def _entered(act: str, row: RoleAssignment, actor: Actor, reason: str, now: int, **more: int) -> None:
    facts = {
        "person": row.person.uid,
        "duty": row.role,
        "department": row.department.code if row.department else "",
        "starts": epoch_ms(row.starts),
        "until": epoch_ms(row.until),
        **more,
    }
    entries.enter(act, actor=actor, reason=reason, now=now, object=f"duty:{row.pk}", role=row.role, facts=facts)
    if act in _MAY_MOVE_LISTS and any(row.role in office_list.roles for office_list in OFFICE_LISTS.values()):
        publish_on_commit(later=True)  # whose mail it is that records@ gets
