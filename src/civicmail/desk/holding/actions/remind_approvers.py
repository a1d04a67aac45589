"""Remind the approvers of files, as their sender: at most once a working day, automatic reminders included (P-22)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone, translation

from civicmail.city.directory.models import Person
from civicmail.city.guard import guard, working_days
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.guard.resources import OfPerson
from civicmail.city.notices.actions import notify
from civicmail.city.pages.days import holidays
from civicmail.core.config.sentence import sentence
from civicmail.desk.holding import approvers, senders
from civicmail.desk.holding.actions import approval_notices
from civicmail.desk.holding.models import Approval


def may_remind(row: Approval, now: int) -> bool:
    """Whether nobody was reminded of these files this working day."""
    today = working_days.latest(timezone.localdate(from_ms(now)), holidays())
    return row.reminded is None or timezone.localdate(row.reminded) < today


def remind_approvers(row: Approval, *, actor: Actor, now: int) -> list[Person]:
    """Notify and return the current approvers. Raises NotPermitted, and Conflict if nothing waits for another person, or there
    was a reminder this working day."""
    guard.require(actor, "approval.remind", OfPerson(row.person.uid), now=now)
    with transaction.atomic():
        locked = Approval.objects.select_for_update().get(pk=row.pk)
        if locked.own or not locked.copies.filter(state="waits").exists():
            raise Conflict(sentence("Not sent: these files wait for no other person. Reload the page."))
        if not may_remind(locked, now):
            raise Conflict(sentence("Not sent: there is one reminder a working day. Try again on the next one."))
        people = [person for person in approvers.current_approvers(locked, now) if senders.address_of(person)]
        if not people:
            raise Conflict(sentence("Nobody of your department can answer now. Ask the access office."))
        row.reminded = locked.reminded = from_ms(now)
        locked.save(update_fields=["reminded"])
        facts = {"to": [person.uid for person in people]}
        entries.enter("approval.remind", actor=actor, reason="by the sender", now=now, object=f"approval:{row.pk}", facts=facts)
        for person in people:
            _notify(locked, person, from_ms(now))
    return people


def _notify(row: Approval, person: Person, at: datetime) -> None:
    with translation.override(person.language):
        subject, text = approval_notices.reminder(row)
    key = f"approval-reminder:{person.pk}:{timezone.localdate(at)}:{row.pk}"
    notify(key, senders.address_of(person), subject, text, now=at)
