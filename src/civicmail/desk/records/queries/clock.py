"""How the time of a request was used: worked, waiting for the requester or because of the law, idle (Wis. Stat. 19.35 (4) (a)).

The four add up to the working days since receipt, and each idle day has an owner.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from civicmail.city.directory.models import Person
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.models import Entry
from civicmail.city.law import time_accounts
from civicmail.city.law.pack import LawPack
from civicmail.desk.records.actions.content import object_of
from civicmail.desk.records.models import Assignment, Pause, Request
from civicmail.desk.records.queries.law import local_day
from civicmail.desk.records.states import OPEN


@dataclass(frozen=True, slots=True)
class Clock:
    """account: the equation up to `until`; owners: (idle day, who answers for it)."""

    account: time_accounts.Account
    until: date
    owners: Sequence[tuple[date, str]]


def clock_of(row: Request, pack: LawPack, today: date) -> Clock:
    """The time of a request until today, or until its end."""
    account = _account(row, pack, today, pauses_of(row), worked_days(row))
    return Clock(account, local_day(row.closed) if row.closed else today, _owners(row, account.idle))


def idle_days(rows: Sequence[tuple[Request, LawPack]], today: date) -> list[int]:
    """How many days of each of these requests were idle, as clock_of has them, in two queries for all."""
    pauses: dict[int, list[time_accounts.Pause]] = defaultdict(list)
    for pause in Pause.objects.filter(request__in=[row for row, _ in rows]).order_by("began"):
        pauses[pause.request_id].append(_pause(pause))
    worked: dict[str, set[date]] = defaultdict(set)
    for place, at in _work().filter(object__in=[object_of(row) for row, _ in rows]).values_list("object", "at"):
        worked[place].add(local_day(from_ms(at)))
    return [len(_account(row, pack, today, pauses[row.pk], worked[object_of(row)]).idle) for row, pack in rows]


def pauses_of(row: Request) -> list[time_accounts.Pause]:
    """The pauses as the law pack counts them."""
    return [_pause(one) for one in row.pauses.order_by("began")]


def worked_days(row: Request) -> set[date]:
    """Days on which a person of the city did something about it, as the audit log has it."""
    return {local_day(from_ms(moment)) for moment in _work().filter(object=object_of(row)).values_list("at", flat=True)}


def due(row: Request, pack: LawPack, *, letter: str = "") -> date:
    """The target: the last day of the request's clock, pauses not counted, with the extensions of which the requester was sent the
    letter. letter: one that is about to be sent."""
    sent = {letter, *row.letters.filter(state="sent").values_list("kind", flat=True)} - {""}
    extended = sum(e.days for e in pack.extensions if e.clock == row.clock and e.letter in sent)
    return pack.due(row.clock, local_day(row.received), pauses_of(row), extended)


def place_in_queue(row: Request) -> int:
    """1 for the oldest open request; 0 for one that is over."""
    if row.state not in OPEN:
        return 0
    return Request.objects.filter(state__in=OPEN, received__lt=row.received).count() + 1


def _account(
    row: Request, pack: LawPack, today: date, pauses: list[time_accounts.Pause], worked: set[date]
) -> time_accounts.Account:
    received = local_day(row.received)
    return pack.account(received, max(local_day(row.closed) if row.closed else today, received), pauses, worked)


def _pause(row: Pause) -> time_accounts.Pause:
    return time_accounts.Pause(row.reason, local_day(row.began), local_day(row.ended) if row.ended else None)


def _work() -> QuerySet[Entry]:
    """Entries of people of the city. The requester and parts of the program, such as the worker of productions, do no work."""
    return Entry.objects.filter(person__in=Person.objects.values("uid"))


def _owners(row: Request, days: Sequence[date]) -> list[tuple[date, str]]:
    """Who answers for each day: the first who was assigned then, else the custodian."""
    assigned = list(Assignment.objects.filter(request=row).select_related("person").order_by("since"))
    custodian = row.custodian.display if row.custodian is not None else ""
    return [(day, next((a.person.display for a in assigned if _was_assigned(a, day)), custodian)) for day in days]


def _was_assigned(assignment: Assignment, day: date) -> bool:
    return local_day(assignment.since) <= day and (assignment.until is None or day <= local_day(assignment.until))
