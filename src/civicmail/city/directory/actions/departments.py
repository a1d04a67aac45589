"""Departments: a tree without cycles, with a head and deputies who work for the city (P-04)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from civicmail.city.directory.errors import Unusable, field_error, require_usable
from civicmail.city.directory.models import Department, Mailbox, Person

_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def make(code: str, name: str, *, parent: Department | None = None, mailbox_cost: int = 0) -> Department:
    """mailbox_cost: cents a year. Raises Unusable."""
    fields = {}
    if not _CODE.fullmatch(code):
        fields["code"] = "A code is made of small letters, digits and dashes."
    elif Department.objects.filter(code=code).exists():
        fields["code"] = f"There is or was a department {code}."
    if not name.strip():
        fields["name"] = "A department has a name."
    require_usable(fields)
    return Department.objects.create(code=code, name=name.strip(), parent=parent, mailbox_cost=mailbox_cost)


def put_below(department: Department, parent: Department | None) -> None:
    """Move a department in the tree. Raises Unusable for a cycle."""
    above = parent
    while above is not None:
        if above.pk == department.pk:
            raise field_error("parent", f"{department} cannot be below {parent}, which is below it.")
        above = above.parent
    department.parent = parent
    department.save(update_fields=["parent"])


def lead(department: Department, head: Person | None, deputies: Iterable[Person] = ()) -> None:
    """Say who decides for a department: people who work for the city now. Raises Unusable."""
    deputies = list(deputies)
    for field, people in (("head", [head] if head else []), ("deputies", deputies)):
        for person in people:
            if not person.episodes.filter(ended__isnull=True).exists():
                raise field_error(field, f"{person} does not work for the city now.")
    department.head = head
    department.save(update_fields=["head"])
    department.deputies.set([d for d in deputies if d != head])


def close(department: Department, *, on: date) -> None:
    """The department is no more; its row stays. Raises Unusable while it has people, mailboxes or divisions."""
    left = [
        word
        for word, exists in (
            ("people", department.episodes.filter(ended__isnull=True).exists()),
            ("mailboxes", Mailbox.objects.filter(department=department, closed__isnull=True).exists()),
            ("divisions", department.divisions.filter(closed__isnull=True).exists()),
        )
        if exists
    ]
    if left:
        raise Unusable(f"{department} still has {' and '.join(left)}; move them first.")
    department.closed = on
    department.save(update_fields=["closed"])
