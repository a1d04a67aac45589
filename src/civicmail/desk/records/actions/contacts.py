"""Contact data of requesters: apart from their requests, changed and removed as they want, deleted on its day (P-24)."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import field_error
from civicmail.desk.records.actions.content import object_of
from civicmail.desk.records.actions.frozen import locked_request
from civicmail.desk.records.actions.intake import ContactData, contact_until
from civicmail.desk.records.models import Contact, Request
from civicmail.desk.records.queries.law import local_day, pack_or_none
from civicmail.desk.records.states import OPEN

BATCH_SIZE = 200


def change(row: Request, given: ContactData, *, actor: Actor, now: int) -> Request:
    """Set how the requester is reached; all empty removes the data. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "records.work", now=now)
    if given.delivery == "mail" and not given.email:
        raise field_error("email", "Write the address.")
    with locked_request(row) as request:
        if given.is_empty():
            Contact.objects.filter(request=request).delete()
        else:
            values = {name: getattr(given, name) for name in ("name", "email", "phone", "postal", "delivery")}
            until = contact_until(pack_or_none(request), local_day(request.closed or request.received))
            Contact.objects.update_or_create(request=request, defaults={**values, "until": until})
        facts = {"kept": int(not given.is_empty())}
        entries.enter("records.change-contact", actor=actor, reason="", now=now, object=object_of(request), facts=facts)
    return request


def keep_until(row: Request, end: date) -> None:
    """Count the time for which contact data is kept from the end of the request, inside the caller's transaction."""
    Contact.objects.filter(request=row).update(until=contact_until(pack_or_none(row), end))


def delete_old(now: int) -> int:
    """Delete contact data whose day has come; of an open request, or one before a court, it stays. Returns how many."""
    today = local_day(from_ms(now))
    due = Contact.objects.filter(until__lt=today, request__suit__isnull=True).exclude(request__state__in=OPEN)
    with transaction.atomic():
        rows = list(due.select_related("request")[:BATCH_SIZE])
        for row in rows:
            entries.enter(
                "records.delete-contact", actor=machine("tick"), reason="its time is over", now=now, object=object_of(row.request)
            )
            row.delete()
    return len(rows)
