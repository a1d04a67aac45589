"""Who is asked about files: the head of the sender's department, else its deputies, else the next head up (P-22). Never the sender.

Whose turn it is says whom a task and a mail go to; head, deputies and those above may answer at any time.
"""

from __future__ import annotations

from collections.abc import Iterable

from civicmail.city.access.acts import About
from civicmail.city.conduct.queries.deciders import absent
from civicmail.city.directory.models import Department, Episode, Person
from civicmail.desk.holding.models import Approval


class Chains:
    """Of one moment (now: ms): each department is looked at once, however much of it waits."""

    def __init__(self, now: int) -> None:
        self._now = now
        self._known: dict[int, list[list[Person]]] = {}

    def of(self, department: Department, sender: int) -> list[list[Person]]:
        """The people whose turn it is, one group after the other; those who are away, and the sender (id), are passed over."""
        if department.pk not in self._known:
            self._known[department.pk] = self._there(department)
        found: list[list[Person]] = []
        known = {sender}
        for group in self._known[department.pk]:
            there = [p for p in group if p.pk not in known]
            known |= {p.pk for p in there}
            if there:
                found.append(there)
        return found

    def turn(self, row: Approval) -> list[Person]:
        """Whose turn it is. Of one's own files that is oneself; nobody where no head and no deputy is there."""
        if row.own:
            return [row.person]
        groups = self.of(row.department, row.person_id)
        return groups[min(row.step, len(groups) - 1)] if groups else []

    def _there(self, department: Department) -> list[list[Person]]:
        groups: list[list[Person]] = []
        row: Department | None = department
        seen: set[int] = set()
        while row is not None and row.pk not in seen:
            seen.add(row.pk)
            groups.append([row.head] if row.head is not None else [])
            groups.append(list(row.deputies.order_by("family", "given", "pk")))
            row = row.parent
        away = absent({p.pk for group in groups for p in group}, self._now)
        return [[p for p in group if p.pk not in away] for group in groups]


def is_own(person: Person, department: Department) -> bool:
    """Whether nobody is above this sender in this: the department's head, and whoever was elected."""
    if department.head_id == person.pk:
        return True
    return Episode.objects.filter(person=person, kind="elected", ended__isnull=True).exists()


def asked(row: Approval, now: int) -> list[Person]:
    """As Chains.turn, of one."""
    return Chains(now).turn(row)


def turns(row: Approval, now: int) -> str:
    """Whose turn it is, and who comes next where nobody answers: "Rosa Hale, then Kim Boyd"; "" of what was answered, and of one's
    own files."""
    if row.own or not row.copies.filter(state="waits").exists():
        return ""
    groups = Chains(now).of(row.department, row.person_id)
    return ", then ".join(" or ".join(str(p) for p in group) for group in groups[min(row.step, len(groups) - 1) :] if group)


def asked_of(rows: Iterable[Approval], now: int) -> dict[int, list[Approval]]:
    """By person (id): what waits for them."""
    found: dict[int, list[Approval]] = {}
    chains = Chains(now)
    for row in rows:
        for person in chains.turn(row):
            found.setdefault(person.pk, []).append(row)
    return found


def above(row: Approval) -> About:
    """What the guard is asked of whoever looks at what somebody decided about own files: of the next one up, where there is one. No
    deputy looks after the head."""
    department = row.department
    if department.head_id == row.person_id and department.parent is not None:
        department = department.parent
    return About(department.code, row.person.uid, id=str(row.pk), holder=row.person.uid)


def about(row: Approval) -> About:
    """What the guard is asked."""
    return About(row.department.code, row.person.uid, id=str(row.pk), holder=row.person.uid if row.own else "")
