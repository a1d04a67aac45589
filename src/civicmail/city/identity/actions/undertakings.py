"""Agencies bind themselves to each version of the policy, and contracts that lose their sponsor (P-09; C1)."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.db import transaction
from django.utils import timezone

from civicmail.city.directory.models import Agency, Mailbox, Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, locked_row
from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.epoch import format_day, from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable, field_error
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.identity.actions.publishing import publish_on_commit
from civicmail.city.identity.authorization_states import LIVING, step
from civicmail.city.identity.models import Authorization, PolicyText, RoleAssignment, Undertaking
from civicmail.city.identity.person_kinds import SPONSOR_GRACE_DAYS
from civicmail.city.identity.queries import sponsors, undertakings
from civicmail.city.notices.actions import notify
from civicmail.core.config.sentence import sentence

TICK = machine("tick")


def record(agency: Agency, text: PolicyText, reference: str, *, actor: Actor, now: int) -> Undertaking:
    """Record an agency's signed agreement on paper. reference: where the paper is kept. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "undertaking.record", now=now)
    reference = checked_reason(reference, "reference", max_length=200)
    return _bind(agency, text, "paper", reference, actor, now)


def give(agency: Agency, text: PolicyText, shown: str, *, answer: bool, actor: Actor, now: int) -> Undertaking:
    """The agency's contact binds it on the page. shown: SHA-256 of the text on it; answer: whether they do. Raises NotPermitted for
    others, Unusable, Conflict."""
    guard.require(actor, "undertaking.give", now=now)
    if (contact := undertakings.contact_of(agency)) is None or contact.uid != actor.uid:
        raise NotPermitted("Only the contact of the agency binds it.")
    if not answer:
        raise field_error("answer", sentence("Tick the box to bind the agency."))
    if shown != text.sha256:
        raise Conflict("The text that was shown is not this version; read it again.")
    return _bind(agency, text, "contact", "", actor, now)


def _bind(agency: Agency, text: PolicyText, how: str, reference: str, actor: Actor, now: int) -> Undertaking:
    with locked_row(agency) as row:
        if text.material is False or text != undertakings.required_version(now):
            raise Unusable("An agency binds itself to the version in force.", {"reference": "Not the version in force."})
        if Undertaking.objects.filter(agency=row, text=text).exists():
            raise Conflict(f"{row} has bound itself to version {text.version} already.")
        made = Undertaking.objects.create(
            agency=row, text=text, how=how, reference=reference, by=acting_person(actor), at=from_ms(now)
        )
        facts = {"version": text.version, "sha256": text.sha256, "how": how}
        entries.enter("undertaking.record", actor=actor, reason=reference, now=now, object=f"agency:{row.code}", facts=facts)
        publish_on_commit(later=True)
    return made


# -- what the time does


def sweep_sponsors(now: int) -> int:
    """Handle contracts whose sponsor has left: notify officers and the agency's contact once; after SPONSORLESS days end access
    under the contract. Returns the number of authorizations ended."""
    today, count = timezone.localdate(from_ms(now)), 0
    for contract, left in sponsors.sponsorless_contracts(today):
        last = left + timedelta(days=SPONSOR_GRACE_DAYS)
        with transaction.atomic():
            lines = [
                f"{contract.sponsor}, who answers for the people of {contract.agency} under contract {contract.number}, "
                f"does not work for the city since {format_day(left)}.",
                f"Name another sponsor by {format_day(last)}; else mail access of these people ends with that day (P-09).",
            ]
            for to in _recipients(contract.agency, now):
                key = f"sponsor-left:{contract.pk}:{contract.sponsor_id}:{left.isoformat()}:{to}"
                notify(key, to, f"A sponsor is missing: contract {contract.number}", "\n\n".join(lines), now=from_ms(now))
            if timezone.make_aware(datetime.combine(last + timedelta(days=1), time.min)) <= from_ms(now):
                count += _expire(contract.pk, now)
    return count


def _expire(contract: int, now: int) -> int:
    rows = list(Authorization.objects.select_for_update().filter(episode__contract=contract, state__in=LIVING).order_by("id"))
    for row in rows:
        row.state, row.since, row.why = step(row.state, "expire"), from_ms(now), "the sponsor left and nobody followed"
    Authorization.objects.bulk_update(rows, ["state", "since", "why"])
    done = [(f"authorisation:{row.pk}", {"state": row.state, "contract": contract}) for row in rows]
    entries.enter_each("access.expire", done, actor=TICK, reason="the sponsor left and nobody followed", now=now)
    if rows:
        publish_on_commit([row.person_id for row in rows])
    return len(rows)


def _recipients(agency: Agency, now: int) -> list[str]:
    """Addresses of access officers, and of the agency's contact where that is one of ours."""
    at = from_ms(now)
    held = RoleAssignment.objects.in_force(at).filter(role="access-officer")
    people = {*held.values_list("person", flat=True)}
    if (contact := undertakings.contact_of(agency)) is not None:
        people.add(contact.pk)
    return addresses_of(people)


def addresses_of(people: set[int]) -> list[str]:
    """Addresses of the own mailboxes of people (ids of rows), in order."""
    return list(
        Mailbox.objects.filter(holder__in=people, kind="personal", closed__isnull=True)
        .order_by("address")
        .values_list("address", flat=True)
    )


def own_address_of(person: Person) -> str:
    """The address of a person's own mailbox, "" without an open one."""
    return next(iter(addresses_of({person.pk})), "")
