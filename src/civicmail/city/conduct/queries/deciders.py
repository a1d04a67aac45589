"""Who decides for a department: its head, or the deputies while the head is absent (P-04, P-28).

Head and deputies may decide at any time; this module only selects who is notified and whose task it is.
"""

from __future__ import annotations

from collections.abc import Collection

from django.utils import timezone

from civicmail.city.directory.models import Department, Episode, Person
from civicmail.city.guard.epoch import from_ms
from civicmail.city.identity.models import Authorization, AutoReply, RoleAssignment


def with_headless_divisions(department: Department) -> list[Department]:
    """The department with those divisions, and theirs, that have no head of their own; in order of names. One query."""
    below: dict[int, list[Department]] = {}
    for row in Department.objects.filter(closed__isnull=True, parent__isnull=False).order_by("name", "pk"):
        below.setdefault(row.parent_id or 0, []).append(row)
    departments, waiting, seen = [department], [department.pk], {department.pk}
    while waiting:
        for row in below.get(waiting.pop(0), []):
            if row.head_id is None and row.pk not in seen:
                seen.add(row.pk)
                departments.append(row)
                waiting.append(row.pk)
    return departments


def gone_or_suspended(people: Collection[int]) -> set[int]:
    """The people (ids of rows) who no longer work here, or are suspended, and so decide nothing."""
    employed = set(Episode.objects.filter(person__in=people, ended__isnull=True).values_list("person", flat=True))
    own = Authorization.objects.filter(person__in=people, role="holder", mailbox__kind="personal", state="suspended")
    return (set(people) - employed) | set(own.values_list("person", flat=True))


def absent(people: Collection[int], now: int) -> set[int]:
    """The people (ids of rows) who have left, are suspended, or have an auto-reply."""
    at = from_ms(now)
    away = AutoReply.objects.filter(mailbox__holder__in=people, kind="own", starts__lte=at, until__gt=at, ended__isnull=True)
    return gone_or_suspended(people) | {holder for holder in away.values_list("mailbox__holder", flat=True) if holder is not None}


def of_department(department: Department, now: int) -> list[Person]:
    """The deciders of one department; see of_departments."""
    return of_departments([department], now)[department.pk]


def of_departments(departments: Collection[Department], now: int) -> dict[int, list[Person]]:
    """Deciders by department (id of the row): the head, else the present deputies, else those of the department above, and at the
    top the access officers; by name.
    A fixed number of queries."""
    rows = {row.pk: row for row in Department.objects.select_related("head")}
    deputies: dict[int, list[int]] = {}
    links = Department.deputies.through._default_manager.order_by("person__family", "person__given", "person")
    for at, person in links.values_list("department", "person"):
        deputies.setdefault(at, []).append(person)
    people = {p.pk: p for p in Person.objects.filter(pk__in={pk for ids in deputies.values() for pk in ids})}
    people |= {row.head.pk: row.head for row in rows.values() if row.head is not None}
    away = absent(list(people), now)
    officers = holders("access-officer", now)

    def of(department: int | None) -> list[Person]:
        seen: set[int] = set()
        while department is not None and department not in seen:
            seen.add(department)
            row = rows[department]
            if row.head is not None and row.head.pk not in away:
                return [row.head]
            if present := [people[pk] for pk in deputies.get(department, []) if pk not in away]:
                return present
            department = row.parent_id
        return officers

    return {row.pk: of(row.pk) for row in departments}


def holders(role: str, now: int) -> list[Person]:
    """People who hold a citywide role now, by name."""
    at = from_ms(now)
    rows = RoleAssignment.objects.in_force(at).filter(role=role).values("person")
    return list(Person.objects.filter(pk__in=rows).order_by("family", "given", "pk"))


def accountable_departments(now: int) -> list[Department]:
    """Departments responsible for themselves, by name: with people, and with a head of their own or no department above them.

    A department without a head belongs to the one above.
    """
    working = set(
        Episode.objects.filter(ended__isnull=True, starts__lte=timezone.localdate(from_ms(now))).values_list(
            "department", flat=True
        )
    )
    rows = Department.objects.filter(closed__isnull=True).select_related("head", "parent").order_by("name", "pk")
    return [
        row for row in rows if (row.head_id or row.parent_id is None) and any(d.pk in working for d in with_headless_divisions(row))
    ]
