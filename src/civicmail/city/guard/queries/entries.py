"""Search the audit log; each query uses an index (P-16, A1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from django.db import connection
from django.db.models import Q, QuerySet

from civicmail.city.directory.models import Person
from civicmail.city.guard import mandate_states
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.models import Entry, Mandate

MAX_ROWS = 5_000
"""Words find so many entries, the newest."""

NAMES = 20
KINDS = (
    "agency",
    "authorisation",
    "capture",
    "department",
    "device",
    "duty",
    "entry",
    "feed",
    "feed-key",
    "feed-map",
    "group",
    "mailbox",
    "mandate",
    "person",
    "personal-use",
    "policy",
    "profile",
    "protection",
    "token",
)
"""What stands before the colon in the object of an entry."""

_ACTS = """
WITH RECURSIVE found(act) AS (
    SELECT min(act) FROM access_entry
    UNION ALL
    SELECT (SELECT min(act) FROM access_entry WHERE act > found.act) FROM found WHERE found.act IS NOT NULL
)
SELECT act FROM found WHERE act IS NOT NULL
"""


def visible_to(actor: Actor) -> QuerySet[Entry]:
    """The entries that a person may see: auditors all except those of examinations that are sealed (E8), or about themselves and
    not closed (E1); the access office none of examinations, because those who assign roles do not supervise examiners (AC-5)."""
    rows = Entry.objects.all()
    if not actor.holds("auditor"):
        return rows.exclude(object__startswith="mandate:")
    mine = Q(subjects__person__uid=actor.uid) & ~Q(state__in=mandate_states.ENDED)
    hidden = Mandate.objects.filter(Q(sealed=True) | mine).values_list("number", flat=True).distinct()
    return rows.exclude(object__in=[f"mandate:{number}" for number in hidden.order_by("number")])


def acts() -> list[str]:
    """Every act that has an entry, in order: one index lookup for each."""
    with connection.cursor() as c:
        c.execute(_ACTS)
        return [act for (act,) in c.fetchall()]


def filter_about(rows: QuerySet[Entry], words: str) -> QuerySet[Entry]:
    """The newest MOST entries about a person (number, or a part of the name) or an object ("mailbox:ann@city.example", or without
    the kind)."""
    people = Person.objects.filter(Q(display__icontains=words) | Q(uid__iexact=words)).values_list("uid", flat=True)
    who = [words, *people[:NAMES]]
    what = [words, *(f"{kind}:{words}" for kind in KINDS), *(f"person:{uid}" for uid in who[1:])]
    newest = Entry.objects.order_by("-id").values_list("pk", flat=True)
    ids: set[int] = set()
    for fits in (Q(person__in=who), Q(behalf__in=who), Q(object__in=what)):  # an index for each; together they would be sorted
        ids.update(newest.filter(fits)[:MAX_ROWS])
    return rows.filter(pk__in=sorted(ids, reverse=True)[:MAX_ROWS])


def heads(rows: QuerySet[Entry], since: int) -> Iterator[tuple[dict[str, Any], str, int]]:
    """(head, journal, number) of each, the oldest first; "" and 0 where no journal has it yet. since: ms."""
    for row in rows.filter(at__gte=since).select_related("carried").order_by("id").iterator(chunk_size=1_000):
        carried = getattr(row, "carried", None)
        head = {**orjson.loads(bytes(row.head)), "uuid": str(row.uuid)}
        yield (head, carried.journal, carried.number) if carried is not None else (head, "", 0)
