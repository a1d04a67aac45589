"""Divide the items of a request among its reviewers, whole threads and families at a time (P-21)."""

from __future__ import annotations

from civicmail.city.directory.models import Person
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import field_error
from civicmail.desk.records.actions.desk_work import enter, reviewing
from civicmail.desk.records.models import Assignment, Decision, Item, Request


def assign(request: Request, person: Person, count: int, *, actor: Actor, now: int) -> int:
    """Give the next open items that nobody has to a reviewer of the request: at least `count`, up to the end of the thread or
    family. Returns how many. Raises NotPermitted, Conflict, Unusable."""
    if count < 1:
        raise field_error("count", "At least 1.")
    with reviewing(request, actor, now) as (row, _):
        if not Assignment.objects.filter(request=row, person=person, until__isnull=True).exists():
            raise field_error("person", f"{person} does not work on request {row.number}.")
        decided = Decision.objects.filter(request=row, replaced__isnull=True).values("content")
        free = Item.objects.filter(request=row, reader__isnull=True).exclude(content__in=decided)
        taken: list[int] = []
        groups: set[str] = set()
        for pk, parent, thread in free.order_by("number").values_list("pk", "parent_id", "thread"):
            group = thread or str(parent or pk)
            if len(taken) < count:
                groups.add(group)
            if group in groups:
                taken.append(pk)
        Item.objects.filter(pk__in=taken).update(reader=person)
        enter("records.assigned-items", row, actor=actor, now=now, person=person.uid, items=len(taken))
    return len(taken)
