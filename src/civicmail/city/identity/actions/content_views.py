"""Open content: each verb returns a permit after the audit entry is durable (P-16, P-17; E2, E6, promise 4).

For one's own mailboxes; for other people's in an examination; for one message on a technical page, with a reason. While the ledger
lags or the database is unavailable each raises NotRecorded, and pages answer 503.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import DatabaseError, transaction

from civicmail.city.directory.models import Person
from civicmail.city.guard import guard, mandate_states
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import save_values
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, NotRecorded, Unusable, field_error
from civicmail.city.guard.mandates import Mandate
from civicmail.city.guard.models import Mandate as Row
from civicmail.city.guard.permits import Permit
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.guard.reveals import NEXT, REASONS, WHERE
from civicmail.city.identity.queries import access_status
from civicmail.city.identity.queries.mailbox_addresses import addresses
from civicmail.city.identity.queries.mandates import to_mandate


def own(actor: Actor, *, now: int) -> tuple[Permit, tuple[str, ...]]:
    """A permit for one's own mail, and the addresses of all mailboxes that the actor owns or may use now, in order.

    Only a successor's reading of a leaver's mail is an entry, because the mail was not theirs (L4). Raises NotPermitted,
    NotRecorded.
    """
    try:
        entries.require_fresh(now)
        permit = guard.own_permit(actor, now=now)
        mine, inherited = _boxes(actor, now)
    except DatabaseError as error:
        raise NotRecorded("Nothing was shown, because the audit log cannot be written now. Try again in a minute.") from error
    if inherited:
        facts = {"mailboxes": list(inherited)}
        entries.enter_alone(
            "content.successor", actor=actor, reason="successor", now=now, object=f"person:{actor.uid}", facts=facts
        )
    return permit, mine


def under(mandate: Mandate, act: str, *, actor: Actor, facts: dict[str, Any], now: int) -> Permit:
    """A permit for other people's mail. mandate: from queries.mandates.live; act: content.list, show, attachment, print, export or
    hold; facts: what will be viewed (a query, ids, counts), never a subject. The mandate is checked again under a lock, so that one
    that ended or was narrowed meanwhile opens nothing. Raises NotPermitted, Conflict, NotRecorded."""

    def write(entry: dict[str, Any]) -> str:
        with entries.before_showing(now):
            row = Row.objects.select_for_update().get(number=mandate.number)
            fresh = to_mandate(row)
            guard.require_under(actor, fresh, act, now=now)
            if fresh.scope != mandate.scope:
                raise Conflict("Nothing was shown: the scope of this mandate has changed. Reload the page.")
            if row.state == "approved":
                save_values(row, state=mandate_states.step(row.state, "use"), since=from_ms(now))
            facts = {k: v for k, v in entry.items() if k not in ("act", "person", "duty", "reason")}
            made = entries.enter(
                act,
                actor=actor,
                reason=mandate.reason[:400],
                now=now,
                object=f"mandate:{mandate.number}",
                role=mandate.role,
                facts=facts,
            )
            return f"entry:{made.uuid}"

    return guard.permit_under(actor, mandate, act, facts, now=now, write=write)


def reveal(actor: Actor, reason_code: str, text: str, capture_id: str, *, now: int) -> Permit:
    """A permit for one message on a technical page (I1). reason_code: of reveals.REASONS; text: why, in words. Raises NotPermitted,
    Unusable, NotRecorded."""
    if reason_code not in REASONS:
        raise field_error("reason_code", "Choose a reason from the list.")
    text = checked_reason(text, "text", min_length=10)

    def write(entry: dict[str, Any]) -> str:
        facts = {"capture": capture_id, "code": reason_code}
        role, object_ = str(entry["duty"]), f"capture:{capture_id}"
        made = entries.enter_alone("content.reveal", actor=actor, reason=text, now=now, object=object_, role=role, facts=facts)
        return f"entry:{made.uuid}"

    return guard.permit(actor, "content.reveal", {}, role="system-administrator", reason=text, now=now, write=write)


def accident(actor: Actor, capture: str, how: str, next_: str, *, now: int) -> None:
    """Record that a person saw the content of a message by accident (P-17, I2); this is only an entry. how, next_: of reveals.WHERE
    and NEXT. Raises NotPermitted, Unusable."""
    guard.require(actor, "content.accident", now=now)
    fields = {} if how in WHERE else {"how": "Choose how you came to see it."}
    fields |= {} if next_ in NEXT else {"next": "Choose what you did next."}
    if fields:
        raise Unusable("Choose one of each list.", fields)
    with transaction.atomic():
        facts = {"capture": capture, "how": how, "next": next_}
        entries.enter("content.accident", actor=actor, reason=WHERE[how], now=now, object=f"capture:{capture}", facts=facts)


def _boxes(actor: Actor, now: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Addresses of all mailboxes that are the actor's, and main addresses of those read as a successor."""
    person = Person.objects.filter(uid=actor.uid).first()
    if person is None:
        return (), ()
    everyone = access_status.load_status(now, [person.pk])
    rights = [r for r in everyone.rights.get(person.pk, []) if not r.suspended] if everyone.is_live(person.pk) else []
    inherited = [r.mailbox for r in rights if r.role == "successor"]
    return _of(r.mailbox for r in rights), _of(inherited)


def _of(mailboxes: Iterable[int]) -> tuple[str, ...]:
    return addresses(list(mailboxes))
