"""The directory as a personnel list would describe it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from civicmail.city.directory.feed_diff import Known
from civicmail.city.directory.models import Contract, Episode, Mailbox, Person
from civicmail.city.guard.epoch import from_ms
from civicmail.city.identity.models import RoleAssignment

_WORK = (
    "person",
    "kind",
    "department__code",
    "position",
    "supervisor__uid",
    "contract__agency__code",
    "contract__number",
    "ends",
)
_NAMES = ("id", "uid", "family", "given", "display", "phone", "language", "outside")
_OF_PERSON = tuple(f"person__{name}" for name in _NAMES)
HIGHEST = 12
"""Supervisors above each other that are looked at."""


def contracts() -> dict[str, Contract]:
    """All contracts as "agency/number"."""
    return {f"{c.agency.code}/{c.number}": c for c in Contract.objects.select_related("agency")}


def known_people() -> dict[str, Known]:
    """Everybody who is or was in the directory, by uid, with the work that they do now. Two queries."""
    work = {row[0]: row[1:] for row in Episode.objects.filter(ended__isnull=True).order_by().values_list(*_WORK)}
    return {row[1]: _known(row, work.get(row[0])) for row in Person.objects.order_by().values_list(*_NAMES)}


def known_person(uid: str, supervisor: str = "") -> dict[str, Known]:
    """One person, and the line above their future supervisor; a query for each, one more for a person who no longer works here."""
    people_by_uid: dict[str, Known] = {}
    uids = [uid, supervisor]
    for _ in range(HIGHEST):
        missing = [uid for uid in uids if uid and uid not in people_by_uid]
        people = _known_among(missing) if missing else {}
        if not people:
            break
        people_by_uid |= people
        uids = [person.supervisor for person in people.values() if person.uid != uid]
    return people_by_uid


def _known_among(uids: Sequence[str]) -> dict[str, Known]:
    rows = Episode.objects.filter(ended__isnull=True, person__uid__in=uids).order_by().values_list(*_OF_PERSON, *_WORK[1:])
    known = {row[1]: _known(row[: len(_NAMES)], row[len(_NAMES) :]) for row in rows}
    if left := [uid for uid in uids if uid not in known]:
        known |= {row[1]: _known(row, None) for row in Person.objects.filter(uid__in=left).order_by().values_list(*_NAMES)}
    return known


def _known(person: tuple[Any, ...], work: tuple[Any, ...] | None) -> Known:
    _, uid, family, given, display, phone, language, away = person
    if work is None:
        return Known(uid, family, given, display, phone, language, outside=away)
    kind, department, position, supervisor, agency, number, ends = work
    contract = f"{agency}/{number}" if agency else ""
    return Known(
        uid, family, given, display, phone, language, kind=kind, department=department, position=position,
        supervisor=supervisor or "", contract=contract, ends=ends, open=True, outside=away,
    )  # fmt: skip


def officers(now: int) -> list[str]:
    """The addresses of access officers now. now: ms."""
    at = from_ms(now)
    held = RoleAssignment.objects.in_force(at).filter(role="access-officer").values("person")
    return sorted(Mailbox.objects.filter(holder__in=held, closed__isnull=True).values_list("address", flat=True))
