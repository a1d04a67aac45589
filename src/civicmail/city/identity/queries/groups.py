"""Expand mailing lists to mailboxes, with nested lists. Cycles are harmless."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple, Protocol

from civicmail.city.directory.models import Department, Mailbox, MailGroup
from civicmail.city.identity.office_lists import find_list
from civicmail.city.identity.queries import office_lists


class Box(Protocol):
    """The data of a mailbox that lists need."""

    @property
    def id(self) -> int: ...
    @property
    def address(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def holder(self) -> int | None: ...
    @property
    def department(self) -> str: ...
    @property
    def closed(self) -> datetime | None: ...


def expanded(boxes: Iterable[Box]) -> dict[str, tuple[str, ...]]:
    """Address of each open list -> main addresses of the mailboxes behind it, in order, each once. Members named with a closed
    mailbox are included, so that the record shows that they got nothing; "everybody" includes open ones only. A list of an office
    that names nobody leads to the holders of its role. A fixed number of queries."""
    named = {box.id: box for box in boxes}
    open_ = {id_: box for id_, box in named.items() if not box.closed}
    rows = list(MailGroup.objects.filter(closed__isnull=True).order_by("id").values_list("id", "address", "everyone", "department"))
    if not rows:
        return {}
    inside, members = _pairs(MailGroup.subgroups.through, "from_mailgroup", "to_mailgroup"), _members()
    wide = _everyone(open_.values()) if any(row[2] for row in rows) else {}
    direct = {
        id_: _of_office(address, open_.values())
        if not (everyone or members[id_] or inside[id_])
        else [named[m].address for m in members[id_] if m in named] + (wide.get(department, []) if everyone else [])
        for id_, address, everyone, department in rows
    }
    return {address: tuple(dict.fromkeys(_behind(id_, direct, inside))) for id_, address, _, _ in rows}


def _of_office(address: str, boxes: Iterable[Box]) -> list[str]:
    """For a list that names nobody: personal mailboxes of the role's holders."""
    people = set(office_lists.holders(address)) if find_list(address) else set()
    return [box.address for box in boxes if people and box.kind == "personal" and box.holder in people]


def _behind(top: int, direct: dict[int, list[str]], inside: dict[int, list[int]]) -> list[str]:
    addresses: list[str] = []
    seen, waiting = {top}, [top]
    while waiting:
        id_ = waiting.pop()
        addresses += direct.get(id_, [])
        for sub in inside[id_]:
            if sub not in seen:
                seen.add(sub)
                waiting.append(sub)
    return addresses


def _members() -> dict[int, list[int]]:
    return _pairs(MailGroup.members.through, "mailgroup", "mailbox")


def _pairs(through: type, first_column: str, second_column: str) -> dict[int, list[int]]:
    pairs: dict[int, list[int]] = defaultdict(list)
    for a, b in through.objects.order_by("id").values_list(first_column, second_column):  # type: ignore[attr-defined]  # Django makes the class
        pairs[a].append(b)
    return pairs


def _everyone(boxes: Iterable[Box]) -> dict[int, list[str]]:
    """Id of a department -> the personal mailboxes of it and of its divisions."""
    rows = list(Department.objects.order_by("id").values_list("id", "code", "parent"))
    parent = {id_: above for id_, _, above in rows}
    of_code = {code: id_ for id_, code, _ in rows}
    addresses: dict[int, list[str]] = defaultdict(list)
    for box in boxes:
        if box.kind != "personal":
            continue
        department: int | None = of_code[box.department]
        seen: set[int] = set()
        while department is not None and department not in seen:
            seen.add(department)
            addresses[department].append(box.address)
            department = parent[department]
    return addresses


def behind(group: MailGroup) -> tuple[str, ...]:
    """Main addresses of the open mailboxes that mail to one list reaches at this moment, in order."""
    rows = Mailbox.objects.order_by("id").values_list("id", "address", "kind", "holder", "department__code", "closed")
    boxes = [_Row(*row) for row in rows]
    open_ = {box.address for box in boxes if not box.closed}
    return tuple(sorted(address for address in expanded(boxes).get(group.address, ()) if address in open_))


class _Row(NamedTuple):
    id: int
    address: str
    kind: str
    holder: int | None
    department: str
    closed: datetime | None
