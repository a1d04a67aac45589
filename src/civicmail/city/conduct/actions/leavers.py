"""Leavers: notify the department, which confirms the departure and decides what happens to the mail (P-08; L4, L6).

`identity/actions/access_end.py` ends the access itself, whoever requested it.
This module holds the decisions that remain.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from civicmail.city.conduct.models import Leaver
from civicmail.city.conduct.queries import deciders, leavers
from civicmail.city.directory.models import Department, Mailbox, Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, locked_row, save_values
from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.epoch import DAY_MS, format_day, from_ms
from civicmail.city.guard.errors import Conflict, Unusable, require_usable
from civicmail.city.guard.reasons import Reasons, checked_reason
from civicmail.city.identity.actions import access_requests, autoreplies
from civicmail.city.identity.actions.publishing import publish_on_commit
from civicmail.city.identity.authorization_states import LIVING
from civicmail.city.identity.models import Authorization
from civicmail.city.identity.queries.actors import about_person
from civicmail.city.notices.actions import notify_many

TICK = machine("tick")
BATCH_SIZE = 500
RED = DAY_MS
"""ms after which an unconfirmed leaver is a finding (L6)."""
MAX_SUCCESSION = 366 * DAY_MS
NEEDED = {"reply": "text", "forward": "to", "successor": "successor"}
"""What a choice needs besides a day."""
NoticeRow = tuple[str, str, str, str]
"""Key, to, subject, text."""


def answer(
    leaver: Leaver,
    choice: str,
    *,
    actor: Actor,
    reason: str,
    now: int,
    text: str = "",
    to: Mailbox | None = None,
    successor: Person | None = None,
    until: int = 0,
) -> Leaver:
    """Confirm a departure and choose for the mail: reply (with text), forward (to a function mailbox), successor (authorized by
    another person, as always), or nothing. All but nothing end at `until` (ms); a later answer replaces the earlier one. Raises
    NotPermitted, Unusable, Conflict."""
    who = leaver.ending.person
    guard.require(actor, "leaver.answer", about_person(who), now=now)
    reason = checked_reason(reason, min_length=10)
    _require_choice(choice, until, {"text": text.strip(), "to": to, "successor": successor}, now)
    with locked_row(leaver, "choice") as row:
        box = row.mailbox
        if not leavers.is_gone(row, now):
            raise Conflict(f"{who} works here again, or the account is closed. There is nothing to choose.")
        autoreplies.end_all(box, actor=actor, reason=reason, now=now)
        _end_successors(box, choice, actor, reason, now)
        words: dict[str, Any] = {"actor": actor, "reason": reason, "now": now}
        if choice == "reply" or text.strip():
            autoreplies.set_autoreply(box, text, starts=now, until=until or now + MAX_SUCCESSION, kind="left", **words)
        if choice == "forward":
            assert to is not None, "the choice was checked"
            autoreplies.forward_left(box, to, until=until, **words)
        elif choice == "successor":
            _ask_successor(row, successor, until, actor, now)
        save_values(row, choice=choice, answered=from_ms(now), person=acting_person(actor))
        facts = {"choice": choice, "until": until, "episode": row.ending.episode_id}
        facts |= {"to": to.address} if choice == "forward" and to is not None else {}
        entries.enter("leaver.answer", actor=actor, reason=reason, now=now, object=f"person:{who.uid}", facts=facts)
    return row


def _require_choice(choice: str, until: int, given: Mapping[str, Any], now: int) -> None:
    if choice not in leavers.CHOICES:
        raise Unusable("Choose what happens to the mail.", {"choice": "Choose one of the answers."})
    if choice == "nothing":
        return
    needed = NEEDED[choice]
    fields = {} if given[needed] else {needed: "This answer needs it."}
    if not now < until <= now + MAX_SUCCESSION:
        fields["until"] = "It ends within a year." if until else "Say until which day."
    require_usable(fields)


def _ask_successor(row: Leaver, successor: Person | None, until: int, actor: Actor, now: int) -> None:
    who = row.ending.person
    if successor is None or successor == who:
        raise Unusable("Name the successor.", {"successor": "Somebody else who works here."})
    if Authorization.objects.filter(mailbox=row.mailbox, person=successor, state__in=LIVING).exists():
        return
    words = f"Succeeds {who} and goes on with what was left."
    reasons = Reasons(words, words, words, words)
    access_requests.ask_grant(successor, row.mailbox, "successor", reasons=reasons, until=until, actor=actor, now=now)


def _end_successors(box: Mailbox, choice: str, actor: Actor, reason: str, now: int) -> None:
    """End the access of successors when another answer is chosen."""
    if choice == "successor":
        return
    rows = Authorization.objects.select_for_update().filter(mailbox=box, role="successor", state__in=LIVING).order_by("id")
    for row in rows:
        access_requests.transition(row, "revoke", reason, now)
        facts = {"person": row.person.uid, "mailbox": box.address, "role": row.role, "state": row.state}
        entries.enter("access.revoke", actor=actor, reason=reason, now=now, object=f"authorisation:{row.pk}", facts=facts)
        publish_on_commit([row.person_id], [box.pk])


# -- what the time does


def open_due(now: int) -> int:
    """Open a leaver for each person whose access ended and whose mailbox remains, and notify the department's managers, one
    notice each (L6); how many leavers."""
    done = 0
    while rows := leavers.without_question(now):
        made = [Leaver(ending=ending, mailbox=box, department=ending.episode.department, told=from_ms(now)) for ending, box in rows]
        letters = _letters(made, now)  # before the transaction, so that no other writer waits
        with transaction.atomic():
            known = set(Leaver.objects.filter(ending__in=[row.ending for row in made]).values_list("ending_id", flat=True))
            Leaver.objects.bulk_create([row for row in made if row.ending_id not in known])
            notify_many(letters, now=from_ms(now))
        done += len(made)
    return done


def _letters(made: list[Leaver], now: int) -> list[NoticeRow]:
    """One notice to each manager of a department, except to the leaver."""
    by_department: dict[Department, list[Leaver]] = defaultdict(list)
    for row in made:
        by_department[row.department].append(row)
    managers = deciders.of_departments(list(by_department), now)
    letters: list[NoticeRow] = []
    for department, new in by_department.items():
        gone = {row.ending.person_id for row in new}
        letters += _to(department, [person for person in managers[department.pk] if person.pk not in gone], new, now)
    return letters


def find_overdue(now: int) -> int:
    """Mark leavers not confirmed within a day as findings, once (L6)."""
    with transaction.atomic():
        late = Leaver.objects.select_for_update(of=("self",)).filter(choice="", told__lte=from_ms(now - RED), overdue__isnull=True)
        rows = list(late.select_related("ending__person", "department").order_by("id")[:BATCH_SIZE])
        Leaver.objects.filter(pk__in=[row.pk for row in rows]).update(overdue=from_ms(now))
        facts = [(f"person:{r.ending.person.uid}", {"department": r.department.code}) for r in rows]
        entries.enter_each("leaver.overdue", facts, actor=TICK, reason="nobody has confirmed it within a day", now=now)
    return len(rows)


def _to(department: Department, people: list[Person], new: list[Leaver], now: int) -> list[NoticeRow]:
    boxes = Mailbox.objects.filter(holder__in=people, kind="personal", closed__isnull=True).order_by("holder", "-made")
    to: dict[int, str] = {}
    for holder, address in boxes.values_list("holder", "address"):
        to.setdefault(holder or 0, address)
    names = ", ".join(str(row.ending.person) for row in new[:10]) + (f" and {len(new) - 10} more" if len(new) > 10 else "")
    day = format_day(timezone.localdate(from_ms(now + RED)))
    subject = f"{department}: mail access of {len(new)} {'person has' if len(new) == 1 else 'people have'} ended"
    text = "\n\n".join(
        [
            f"Mail access has ended of {names}. Nothing is deleted, and what comes is held.",
            f"Say by {day} whether they left, and what happens to the mail: an answer, another mailbox, or a successor.",
            f"{settings.CITY.web.url}{reverse('leavers', args=[department.code])}",
        ]
    )
    key = f"leavers:{department.pk}:{new[0].ending_id}:{new[-1].ending_id}"
    return [(f"{key}:{person}", address, subject, text) for person, address in to.items()]
