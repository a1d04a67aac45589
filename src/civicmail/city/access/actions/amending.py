"""Changes of a mandate that is in force: narrower at once, wider only after a second person has said yes (E5)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from django.db import transaction

from civicmail.city.access import grounds, mandatestates
from civicmail.city.access import mandates as plain
from civicmail.city.access.actions.acting import locked, person_of
from civicmail.city.access.actions.mandates import codes_of, entered, named, require, require_second, resolve
from civicmail.city.access.actors import Actor
from civicmail.city.access.errors import Conflict, NotPermitted, Unusable
from civicmail.city.access.models import Amendment, Mandate, Subject
from civicmail.city.access.moments import DAY, moment, ms
from civicmail.city.access.queries import foureyes, lines
from civicmail.city.access.queries.mandates import about_mandate, subjects_of
from civicmail.city.access.queries.mandates import plain as as_plain
from civicmail.city.access.reasons import reason as in_words
from civicmail.city.access.wanted import Wanted

_OVER = "Only a mandate that is in force can be changed."


def amend(mandate: Mandate, wanted: Wanted, *, actor: Actor, now: int) -> Amendment:
    """Change scope and window to what is wanted, all of it: done at once where nothing gets wider, else waiting for a second
    person. wanted.department as it was, or "" with the people who are left. Raises NotPermitted, Unusable, Conflict: for an urgent
    one, or while another change waits."""
    require(actor, "mandate.ask", mandate, now)
    wanted = wanted.checked(now)
    with transaction.atomic():
        row = locked(mandate, "state", "words", "first", "last", "days")
        if row.state not in mandatestates.LOOKING:
            raise Conflict(_OVER)
        uids = _uids(row, wanted)
        if said := grounds.why_not(actor, row.ground, row.duty, _departments(row, uids), now):
            raise NotPermitted(said)
        before = as_plain(row).scope
        after = replace(before, people=uids, since=wanted.first, until=wanted.last, words=wanted.words)
        wider = wanted.days > row.days or plain.widens(before, after, now)
        if wider and row.urgent:
            raise Conflict("What is urgent is not widened; ask for a mandate.")
        if row.amendments.filter(state="asked").exists():
            raise Conflict("Another change of this mandate waits for a second person.")
        made = Amendment(
            mandate=row, people=list(uids), words=wanted.words, first=wanted.first, last=wanted.last, days=wanted.days,
            reason=wanted.reason, wider=wider, asked=moment(now),
        )  # fmt: skip
        if not wider:
            made.state, made.decided = "approved", moment(now)
            _apply(row, made, now)
        made.save()
        entered("mandate.amend", row, actor, wanted.reason, now, **_facts(made))
    return made


def approve(amendment: Amendment, *, actor: Actor, now: int, reason: str = "") -> Amendment:
    """A second person, outside of the lines of everybody that it would be about, says yes. Raises NotPermitted, Conflict."""
    return _answer(amendment, "approved", actor, reason, now)


def refuse(amendment: Amendment, *, actor: Actor, reason: str, now: int) -> Amendment:
    """A second person says no: the mandate stays as it is."""
    return _answer(amendment, "refused", actor, in_words(reason, least=10), now)


def withdraw(amendment: Amendment, *, actor: Actor, reason: str, now: int) -> Amendment:
    """Who asked takes the change back."""
    require(actor, "mandate.ask", amendment.mandate, now)
    reason = in_words(reason)
    with transaction.atomic():
        row = _open(amendment)
        row.state, row.decided, row.why = "withdrawn", moment(now), reason
        row.save()
        entered("mandate.amend-withdraw", row.mandate, actor, reason, now, amendment=row.pk)
    return row


def _answer(amendment: Amendment, answer: str, actor: Actor, reason: str, now: int) -> Amendment:
    foureyes.require(actor, "mandate.approve", about_mandate(amendment.mandate, ms(amendment.asked)), now=now)
    with transaction.atomic():
        mandate = locked(amendment.mandate)
        row = _open(amendment)
        require_second(mandate, actor, now, named(row.people))
        if mandate.state not in mandatestates.LOOKING:
            raise Conflict(_OVER)
        if answer == "approved":
            _apply(mandate, row, now)
        row.state, row.approver, row.decided, row.why = answer, person_of(actor), moment(now), reason[:400]
        row.save()
        act = "mandate.amend-approve" if answer == "approved" else "mandate.amend-refuse"
        entered(act, mandate, actor, reason, now, **_facts(row))
    return row


def _open(amendment: Amendment) -> Amendment:
    row = locked(amendment, "state")
    if row.state != "asked":
        raise Conflict("This change was decided meanwhile; look at it again.")
    return row


def _uids(row: Mandate, wanted: Wanted) -> tuple[str, ...]:
    """Whom the changed one is about, in the order in which the scope has them. Raises Unusable."""
    now_ = [p.uid for p in subjects_of(row)]
    if wanted.department:
        if row.department is None or wanted.department != row.department.code:
            raise Unusable("Another department is another mandate.", {"people": "Another department is another mandate."})
        return tuple(now_)
    found = [p.uid for p in named(wanted.people)]
    if row.person.uid in found:
        raise Unusable("Your own mail is under My mail.", {"people": "Your own mail is under My mail."})
    return tuple(found)


def _departments(row: Mandate, uids: Collection[str]) -> list[str]:
    """Codes of those that it is about with these people: a head's reaches no further than the own department, widened or not."""
    known = {p.uid for p in subjects_of(row)}
    return sorted({*row.departments, *codes_of(named(set(uids) - known), None)})


def _apply(row: Mandate, change: Amendment, now: int) -> None:
    """Put a change into force. Whoever is taken out stays a row that has ended; a narrower scope gets no mailbox that it had
    not."""
    at = moment(now)
    row.departments = _departments(row, change.people)
    row.subjects.filter(until__isnull=True).exclude(person__uid__in=change.people).update(until=at)
    there = {p.uid for p in subjects_of(row)}
    Subject.objects.bulk_create([Subject(mandate=row, person=p, since=at) for p in named(change.people) if p.uid not in there])
    had, names = set(row.boxes), set(row.custodians)
    resolve(row)
    if not change.wider:
        row.boxes, row.custodians = sorted(had & set(row.boxes)), sorted(names & set(row.custodians))
    row.words, row.first, row.last, row.days = change.words, change.first, change.last, change.days
    row.protected = lines.protected(subjects_of(row), row.departments, now)
    if row.starts is not None and not row.urgent:
        row.until = moment(max(ms(row.starts) + change.days * DAY, ms(row.starts) + 1))
    row.save()


def _facts(change: Amendment) -> dict[str, object]:
    return {
        "amendment": change.pk or 0,
        "people": change.people,
        "first": change.first or 0,
        "last": change.last or 0,
        "words": change.words,
        "days": change.days,
        "wider": int(change.wider),
    }
