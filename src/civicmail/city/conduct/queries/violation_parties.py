"""The people whom a violation concerns: the person and their employment, who is above them, who is notified (P-09, P-30)."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db.models import Q

from civicmail.city.conduct import consequence_table
from civicmail.city.conduct.consequence_table import Consequence, Ladder, Table
from civicmail.city.conduct.models import Violation
from civicmail.city.conduct.queries import deciders
from civicmail.city.conduct.violation_states import COUNTS
from civicmail.city.directory.models import Episode, Person
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.resources import Employment, PersonCase
from civicmail.city.identity.actions.undertakings import own_address_of
from civicmail.city.identity.person_kinds import PERSON_KINDS
from civicmail.city.identity.queries.undertakings import contact_of

DECISION_COLUMNS = ("reporter", "finder", "decider", "second", "hearer")
"""Columns of people whose step another person continues."""


def work_of(person: Person) -> Episode | None:
    """The open employment of a person, else the last one."""
    rows = person.episodes.select_related("department", "contract__agency", "contract__sponsor")
    return rows.filter(ended__isnull=True).first() or rows.order_by("-ended", "-id").first()


def about(person: Person | None) -> Employment:
    """The resource of an act on a person, with the sponsor of their contract."""
    work = work_of(person) if person is not None else None
    if person is None or work is None:
        return Employment("", person.uid if person is not None else "", sponsor="")
    sponsor = work.contract.sponsor if work.contract is not None else None
    return Employment(work.department.code, person.uid, sponsor=sponsor.uid if sponsor is not None else "")


def about_violation(row: Violation) -> PersonCase:
    """The resource of an act on a violation, in the department where the person worked then.
    Nobody has a second part in a case (V4); a self-reporter is the person."""
    uid = row.person.uid if row.person is not None else ""
    had = [getattr(row, part) for part in DECISION_COLUMNS]
    firsts = tuple(dict.fromkeys(p.uid for p in had if p is not None))
    return PersonCase(
        row.department.code if row.department is not None else "", uid, first_actors=firsts, began_ms=epoch_ms(row.made)
    )


def is_outside(row: Violation) -> bool:
    """Whether the person belongs to an agency."""
    return row.kind in PERSON_KINDS and PERSON_KINDS[row.kind].contract


def head_addresses(row: Violation, now: int) -> list[str]:
    """Addresses of the department's deciders except the person, or of the access officers if there are none."""
    people = deciders.of_department(row.department, now) if row.department is not None else deciders.holders("access-officer", now)
    if row.person is not None and row.person in people:
        above = row.department.parent if row.department is not None else None
        people = deciders.of_department(above, now) if above is not None else deciders.holders("access-officer", now)
    return sorted({to for person in people if person != row.person and (to := own_address_of(person))})


def agency_addresses(row: Violation) -> list[str]:
    """Addresses, all inside the city, for an agency: its contact and the sponsor."""
    if row.agency is None:
        return []
    contract = row.episode.contract if row.episode is not None else None
    people = [contact_of(row.agency), contract.sponsor if contract is not None else None]
    return sorted({to for person in people if person is not None and person != row.person and (to := own_address_of(person))})


def table() -> Table:
    """The city's own table from the data folder, else the program's."""
    data: Path | None = settings.DATA
    return consequence_table.load(data / consequence_table.FILE if data is not None else None)


def ladder_of(row: Violation) -> tuple[str, Ladder]:
    """Name and steps of the ladder for this kind of person."""
    name = PERSON_KINDS[row.kind].ladder if row.kind in PERSON_KINDS else "staff"
    return name, table().ladders[name]


def strikes_before(row: Violation, now: int) -> int:
    """Earlier violations of the person that count: decided, upheld, not lapsed."""
    if row.person is None:
        return 0
    rows = Violation.objects.filter(Q(lapses__isnull=True) | Q(lapses__gt=from_ms(now)), person=row.person, state__in=COUNTS)
    return rows.exclude(pk=row.pk).exclude(outcome__in=["", "none"]).count()


def proposed(row: Violation, now: int) -> Consequence:
    """The consequence that the table proposes."""
    return table().proposed(ladder_of(row)[0], strikes_before(row, now), severe=row.severe)
