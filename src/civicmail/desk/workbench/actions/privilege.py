"""List privileged correspondents, ask for a privileged message of an examination, answer that (P-16; E7)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.urls import reverse

from civicmail.city.directory.models import Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import locked_row, save_values
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, field_error
from civicmail.city.guard.mandates import Mandate
from civicmail.city.guard.models import Mandate as Row
from civicmail.city.guard.permits import Permit
from civicmail.city.guard.queries import four_eyes
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.guard.resources import OfPerson, OwnCase
from civicmail.city.identity.actions.decision_notices import notify_of_decision
from civicmail.desk.workbench.models import Clearance, PrivilegedAddress
from civicmail.desk.workbench.privilege import KINDS, STATES, TABLE, normalized

MAX_MESSAGES = 50
"""Messages that are asked for at once."""


def add_address(address: str, kind: str, note: str, *, actor: Actor, reason: str, now: int) -> PrivilegedAddress:
    """Mail with this address is privileged from now on. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "privilege.change", now=now)
    reason = checked_reason(reason, min_length=10)
    if kind not in KINDS:
        raise field_error("kind", "Choose a kind from the list.")
    if not (token := normalized(address)):
        raise field_error("address", "Give an address, like ann@firm.example, or @firm.example for everybody there.")
    with transaction.atomic():
        if PrivilegedAddress.objects.filter(address=token, ended__isnull=True).exists():
            raise Conflict(f"{token} is listed already.")
        row = PrivilegedAddress.objects.create(address=token, kind=kind, note=note.strip()[:200], by=actor.uid, since=from_ms(now))
        _enter_address("privilege.list", row, actor, reason, now)
    return row


def end_address(row: PrivilegedAddress, *, actor: Actor, reason: str, now: int) -> PrivilegedAddress:
    """Mail with this address is privileged no more. Raises NotPermitted, Conflict."""
    guard.require(actor, "privilege.change", now=now)
    reason = checked_reason(reason, min_length=10)
    with locked_row(row, "ended") as locked:
        if locked.ended is not None:
            raise Conflict("This was taken off the list already.")
        save_values(locked, ended=from_ms(now))
        _enter_address("privilege.unlist", locked, actor, reason, now)
    return locked


def ask(mandate: Mandate, withheld: Mapping[str, Sequence[str]], *, actor: Actor, reason: str, now: int) -> list[Clearance]:
    """Ask the city attorney for privileged messages of one's examination. withheld: id (32 digits) -> its kinds, as the index has
    them now; those that were asked for before are left out. Raises NotPermitted, Unusable, Conflict if none is left."""
    guard.require(actor, "clearance.ask", OfPerson(mandate.person), now=now)
    reason = checked_reason(reason, min_length=20)
    with transaction.atomic():
        row = Row.objects.select_for_update().get(number=mandate.number)
        person = Person.objects.get(uid=actor.uid)
        before = set(Clearance.objects.filter(mandate=row, capture__in=list(withheld)).values_list("capture", flat=True))
        new = [capture for capture in withheld if capture not in before][:MAX_MESSAGES]
        if not new:
            raise Conflict("All of these were asked for before.")
        made = [
            Clearance.objects.create(
                mandate=row, capture=capture, kinds=list(withheld[capture]), person=person, made=from_ms(now), reason=reason
            )
            for capture in new
        ]
        facts = {"captures": [str(uuid.UUID(capture)) for capture in new]}
        entries.enter(
            "clearance.ask", actor=actor, reason=reason, now=now, object=f"mandate:{row.number}", role=mandate.role, facts=facts
        )
    return made


def decide(row: Clearance, clears: bool, *, actor: Actor, reason: str, now: int) -> Clearance:
    """Clear a privileged message for the examiner, or refuse it. Raises NotPermitted, Unusable, Conflict."""
    four_eyes.require(actor, "clearance.decide", about(row), now=now)
    reason = checked_reason(reason, min_length=10)
    attorney = Person.objects.get(uid=actor.uid)
    with locked_row(row, "state") as locked:
        state = TABLE.step(locked.state, "clear" if clears else "refuse")
        save_values(locked, state=state, attorney=attorney, answered=from_ms(now), answer=reason)
        act = f"clearance.{'clear' if clears else 'refuse'}"
        facts = {"capture": str(uuid.UUID(row.capture)), "clearance": row.pk}
        entries.enter(act, actor=actor, reason=reason, now=now, object=f"mandate:{row.mandate.number}", facts=facts)
    number, word = row.mandate.number, STATES[state][1].lower()
    notify_of_decision(
        [row.person], f"clearance:{row.pk}", f"Privileged message in examination {number}: {word}",
        [f"The city attorney has answered about a privileged message that you asked for: {word}.", f"Reason: {reason}"],
        reverse("mandate-privileged", args=[number]), now=now,
    )  # fmt: skip
    return locked


def look(row: Clearance, *, actor: Actor, now: int) -> Permit:
    """A permit for the city attorney to read the message that was asked for. Raises NotPermitted, Conflict once it was answered,
    NotRecorded."""
    if row.state != "asked":
        raise Conflict(f"This was {STATES[row.state][1].lower()}; it is not opened again.")

    def write(entry: Mapping[str, object]) -> str:
        facts = {"capture": str(uuid.UUID(row.capture)), "clearance": row.pk}
        made = entries.enter_alone(
            "content.privileged", actor=actor, reason=row.reason, now=now, object=f"mandate:{row.mandate.number}",
            role=str(entry["duty"]), facts=facts,
        )  # fmt: skip
        return f"entry:{made.uuid}"

    return guard.permit(
        actor,
        "content.privileged",
        {},
        role="city-attorney",
        reason=row.reason,
        now=now,
        write=write,
        resource=four_eyes.with_facts(about(row), actor, now),
    )


def about(row: Clearance) -> OwnCase:
    """The resource for the guard."""
    return OwnCase(row.person.uid, first_actors=(row.person.uid,), began_ms=epoch_ms(row.made))


def _enter_address(act: str, row: PrivilegedAddress, actor: Actor, reason: str, now: int) -> None:
    facts = {"address": row.address, "kind": row.kind}
    entries.enter(act, actor=actor, reason=reason, now=now, object=f"privilege:{row.pk}", facts=facts)
