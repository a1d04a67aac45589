"""Report violations: as a signed-in person, anonymously, as a use reviewer, or about oneself (P-09, P-30; V1, C2).

Recording a violation of an agency's person ends that person's access at once. Evidence is the number of a capture and is never
copied; no data about an anonymous reporter is stored.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from civicmail.city.conduct.models import Evidence, Violation
from civicmail.city.conduct.queries import violation_parties
from civicmail.city.conduct.violation_states import FIRST
from civicmail.city.directory.models import Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, locked_row
from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.epoch import DAY_MS, format_day, from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable, field_error
from civicmail.city.guard.queries import four_eyes
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.identity.actions import barring
from civicmail.city.identity.actions.access_end import carry_out, schedule
from civicmail.city.identity.actions.undertakings import own_address_of
from civicmail.city.identity.person_kinds import PERSON_KINDS
from civicmail.city.notices.actions import notify
from civicmail.city.policy.clauses import CLAUSES
from civicmail.core.config.sentence import sentence

UNNAMED = machine("unnamed")
"""The actor of anonymous reports in entries."""
MAX_TEXT = 2000
MAX_EVIDENCE = 20
MAX_WAITING = 200
"""Outside reports that may be unread at a time."""
RESPONSE_MS = 7 * DAY_MS
"""So long the person has for a response before there may be a finding against them."""
_WHO = sentence("Say who it was.")


def report(person: Person | None, clause: str, what: str, evidence: Sequence[str] = (), *, actor: Actor, now: int) -> Violation:
    """Report a violation by another person or oneself; good faith is presumed. evidence: numbers of captures.
    Raises NotPermitted, Unusable."""
    guard.require(actor, "violation.report", now=now)
    if person is None:
        raise field_error("person", _WHO)
    reporter = acting_person(actor)
    with transaction.atomic():
        return _open(
            person, clause, what, evidence, source="person", reporter=reporter, own=reporter == person, actor=actor, now=now
        )


def complain(what: str, number: str, contact: str, *, now: int) -> Violation:
    """Complain or report without signing in. number: of the message, if known; contact: address for the answer, may be empty.
    Raises Unusable, Conflict."""
    with transaction.atomic():
        if Violation.objects.filter(source="outside", state="reported", person__isnull=True).count() >= MAX_WAITING:
            raise Conflict("Too many reports are pending. Please come back tomorrow.")
        evidence = [number] if number.strip() else []
        return _open(None, "", what, evidence, source="outside", contact=contact, actor=UNNAMED, now=now)


def hand_over(
    person: Person, clause: str, what: str, capture: str, origin: str, words: Sequence[str], *, by: Person, actor: Actor, now: int
) -> Violation:
    """Report a finding that two use reviewers confirmed to the department, inside the transaction of a verb that has passed the
    guard. origin: "finding:12", unique; words: first paragraph of the notice.

    Raises Unusable, Conflict if there is no one to notify.
    """
    row = _open(person, clause, what, [capture], source="reviewer", reporter=by, origin=origin, words=words, actor=actor, now=now)
    if not violation_parties.head_addresses(row, now):
        raise Conflict("Not recorded: the department has no head with a mailbox. Ask the access office to name one.")
    return row


def record(person: Person, clause: str, what: str, evidence: Sequence[str], *, actor: Actor, now: int) -> Violation:
    """Record a violation of an agency's person, as sponsor, authorizer or access officer: all access ends in this transaction;
    response and review follow (P-09).
    Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "violation.record", violation_parties.about(person), now=now)
    work = violation_parties.work_of(person)
    if work is None or not PERSON_KINDS[work.kind].contract or work.contract is None:
        raise Unusable(
            "This form is for people of agencies. Use Report a violation for employees.", {"person": "Not of an agency."}
        )
    if not evidence:
        raise Unusable("A record names its evidence.", {"evidence": "Give the number of one message at least."})
    recorder = acting_person(actor)
    with transaction.atomic():
        row = _open(
            person, clause, what, evidence, source="recorded", reporter=recorder, state="recorded", respond=now + RESPONSE_MS,
            actor=actor, now=now,
        )  # fmt: skip
        end_access(row, recorder, actor=actor, now=now)
        _tell_agency(row, now)
    return row


def end_access(row: Violation, by: Person, *, actor: Actor, now: int) -> None:
    """End all access of the person, inside the transaction of a verb that has passed the guard; re-entry then needs a decision one
    level higher (C2, C4)."""
    assert row.person is not None, "whoever is shut out is known"
    work = row.person.episodes.filter(ended__isnull=True).exists()
    if work:
        (row.ending,) = schedule([row.person], reason=f"Violation {row.pk} of the e-mail policy.", when=now, actor=actor, now=now)
        carry_out([row.ending], actor=actor, now=now)
    row.bar = barring.impose(
        row.person,
        "re-entry",
        until=None,
        origin=f"violation:{row.pk}",
        reason=f"Violation {row.pk}.",
        first=by,
        actor=actor,
        now=now,
    )
    row.save(update_fields=["ending", "bar"])


def name(row: Violation, person: Person, clause: str, *, actor: Actor, reason: str, now: int) -> Violation:
    """Record who sent the message and which rule is meant, as access office; the department is notified.
    Raises NotPermitted about oneself, Unusable, Conflict."""
    guard.require(actor, "violation.name", now=now)
    reason = checked_reason(reason, min_length=10)
    with locked_row(row, "state", "person_id") as violation:
        if violation.person is not None or violation.state != "reported":
            raise Conflict("Not saved: another officer named the person first. Reload the page.")
        if four_eyes.is_oneself(actor, person, now):
            raise NotPermitted("You cannot see a case about yourself.")
        violation.clause = _checked_clause(clause)
        _place(violation, person)
        violation.save()
        record_entry("violation.name", violation, actor, reason, now)
        _tell_heads(violation, now)
    return violation


def add_evidence(row: Violation, number: str, *, actor: Actor, reason: str, now: int) -> Evidence:
    """Another message that it is about, by its number. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "violation.find", violation_parties.about_violation(row), now=now)
    reason = checked_reason(reason)
    (number,) = _checked_evidence([number])
    with locked_row(row, "state") as violation:
        if violation.state not in FIRST:
            raise Conflict("It was found already; evidence comes before.")
        made, is_new = Evidence.objects.get_or_create(
            violation=violation, capture=number, defaults={"by": acting_person(actor), "at": from_ms(now)}
        )
        if not is_new:
            raise Conflict("This message is named already.")
        record_entry("violation.evidence", violation, actor, reason, now, capture=number)
    return made


def _open(
    person: Person | None,
    clause: str,
    what: str,
    evidence: Sequence[str],
    *,
    source: str,
    actor: Actor,
    now: int,
    reporter: Person | None = None,
    own: bool = False,
    contact: str = "",
    origin: str = "",
    state: str = "reported",
    respond: int | None = None,
    words: Sequence[str] = (),
) -> Violation:
    what = checked_reason(what, "what", min_length=20, max_length=MAX_TEXT)
    numbers = _checked_evidence(evidence)
    at = from_ms(now)
    row = Violation(
        clause=_checked_clause(clause) if person is not None else "", what=what, source=source, reporter=reporter, own=own,
        contact=contact.strip()[:254], origin=origin, made=at, state=state, since=at,
        respond_by=from_ms(respond) if respond is not None else None,
    )  # fmt: skip
    if person is not None:
        _place(row, person)
    row.save(force_insert=True)
    Evidence.objects.bulk_create([Evidence(violation=row, capture=n, by=reporter, at=at) for n in numbers])
    act = "violation.record" if state == "recorded" else "violation.report"
    record_entry(act, row, actor, "", now, source=source, evidence=numbers)
    _tell_heads(row, now, words)
    return row


def _place(row: Violation, person: Person) -> None:
    """The person, as they work now."""
    work = violation_parties.work_of(person)
    row.person = person
    if work is not None:
        row.episode, row.department, row.kind = work, work.department, work.kind
        row.agency = work.contract.agency if work.contract is not None else None


def _checked_clause(clause: str) -> str:
    if clause not in CLAUSES:
        raise Unusable("Name the rule of the policy.", {"clause": "Choose a rule of the policy."})
    return clause


def _checked_evidence(numbers: Sequence[str]) -> list[str]:
    """Numbers of captures as they are written, each once. Raises Unusable."""
    checked: dict[str, None] = {}
    for number in numbers:
        try:
            checked[str(uuid.UUID(number.strip()))] = None
        except ValueError:
            raise field_error("evidence", "This is no number of a message: it has 32 digits and letters.") from None
    if len(checked) > MAX_EVIDENCE:
        raise Unusable("Too many.", {"evidence": f"At most {MAX_EVIDENCE}."})
    return list(checked)


def record_entry(act: str, row: Violation, actor: Actor, reason: str, now: int, **more: Any) -> None:
    """Write the entry of an act on a violation; about an anonymous reporter it has nothing, not even an address."""
    facts = {"state": row.state, "clause": row.clause, "person": row.person.uid if row.person is not None else "", **more}
    entries.enter(act, actor=actor, reason=reason[:400], now=now, object=f"violation:{row.pk}", facts=facts)


def address(row: Violation) -> str:
    """The URL path of the case."""
    if row.department is None:
        return reverse("violation-unnamed", args=[row.pk])
    return reverse("violation", args=[row.department.code, row.pk])


def own_address(row: Violation) -> str:
    """The address at which the person concerned reads it."""
    return reverse("my-violation", args=[row.pk])


def _tell_heads(row: Violation, now: int, words: Sequence[str] = ()) -> None:
    """Notify the deciders; the notice quotes nothing of the report, which is on its page."""
    pages = settings.CITY.web.url
    place = f"{pages}{address(row)}" if pages else "It stands on the pages, under Violations."
    whose = f"{row.person}" if row.person is not None else "somebody who is to be named"
    first = (
        f"On {format_day(timezone.localdate(row.made))} a violation of the e-mail policy was "
        f"{'recorded' if row.state == 'recorded' else 'reported'}: {row.clause or 'rule to be named'}, {whose}."
    )
    lines = [*(words or [first]), f"Look at it here: {place}" if pages else place]
    for to in violation_parties.head_addresses(row, now):
        key = f"violation:{row.pk}:{row.person.uid if row.person is not None else ''}:{to}"
        notify(key, to, f"Violation {row.pk} to look at", "\n\n".join(lines), now=from_ms(now))


def _tell_agency(row: Violation, now: int) -> None:
    """The agency's contact and the sponsor, who are inside; the rule and no word of any message (P-09)."""
    title = CLAUSES[row.clause].title
    lines = [
        f"A violation of the e-mail policy by {row.person} ({row.agency}) was recorded: {row.clause}, {title}.",
        "Their access to the city's mail ended with the record. What they say to it is written down and looked at by somebody "
        "else; a record that was wrong is taken back.",
    ]
    for to in violation_parties.agency_addresses(row):
        notify(f"violation:{row.pk}:agency:{to}", to, f"Access ended: {row.person}", "\n\n".join(lines), now=from_ms(now))


def notify_person(row: Violation, key: str, subject: str, lines: list[str], now: int) -> None:
    """A notice to the person, where they have a mailbox of their own still; else the agency's sponsor and contact hand it on."""
    assert row.person is not None, "whoever is told is known"
    own = own_address_of(row.person)
    for to in violation_parties.agency_addresses(row) if row.ending_id is not None else [own] if own else []:
        notify(f"violation:{row.pk}:{key}:{to}", to, subject, "\n\n".join(lines), now=from_ms(now))
