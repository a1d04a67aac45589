"""Display names of people and program parts, by the number that rows keep."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from django.db.models import OuterRef, Subquery

from civicmail.city.directory.models import Person

_COMMAND: Final = "os:"
_PARTS: Final = {
    "tick": "the program",
    "worker": "the program",
    "requester": "the requester",
    "feed": "the personnel feed",
    "scim": "an identity provider",
}


def name_of(column: str) -> Subquery:
    """An annotation: the name of the person whose number a column contains; one query with the rows, whatever their number."""
    return Subquery(Person.objects.filter(uid=OuterRef(column)).values("display")[:1])


def shown_name(uid: str, name: str | None) -> str:
    """The display form of a name from name_of."""
    if name:
        return name
    if uid.startswith(_COMMAND):
        return f"{uid.removeprefix(_COMMAND)}, by a command"
    return _PARTS.get(uid, uid)


def name_and_uid(uid: str, name: str | None) -> str:
    """For evidence: the number stays beside the name, which may change."""
    return f"{name} ({uid})" if name else shown_name(uid, None)


def name_of_uid(uid: str) -> str:
    """The name of one person; one query."""
    return shown_name(uid, Person.objects.filter(uid=uid).values_list("display", flat=True).first())


def names_by_uid(uids: Collection[str]) -> dict[str, str]:
    """Number -> name of several; one query."""
    return dict(Person.objects.filter(uid__in=uids).values_list("uid", "display"))
