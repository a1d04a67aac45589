"""The lists that each of the city's domains has from the start: report@ and records@ (P-21, P-31)."""

from __future__ import annotations

from django.db import transaction

from civicmail.city.directory.actions import groups
from civicmail.city.directory.models import Department
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.identity.actions.mailboxes import domains
from civicmail.city.identity.actions.publishing import publish_on_commit
from civicmail.city.identity.queries.actors import about_department
from civicmail.city.identity.queries.office_lists import missing


def make_missing(department: Department, *, actor: Actor, reason: str, now: int) -> list[str]:
    """Addresses of those that were made. What is a mailbox or a list already stays as it is. Raises NotPermitted, Unusable."""
    guard.require(actor, "group.change", about_department(department), now=now)
    return make_first(department, actor=actor, reason=reason, now=now)


def make_first(department: Department, *, actor: Actor, reason: str, now: int) -> list[str]:
    """Make the lists while claiming, which checks the guard itself. Raises Unusable."""
    reason = checked_reason(reason)
    made = []
    with transaction.atomic():
        for address, office_list in missing(domains()).items():
            row = groups.make(address, office_list.name, department, domains(), now=from_ms(now))
            facts = {"name": row.name, "department": department.code, "everyone": 0}
            entries.enter("group.change", actor=actor, reason=reason, now=now, object=f"group:{row.address}", facts=facts)
            made.append(row.address)
        if made:
            publish_on_commit(later=True)
    return made
