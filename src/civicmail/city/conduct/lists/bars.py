"""The list of bans after violations (P-30)."""

from __future__ import annotations

from typing import Any

from civicmail.city.guard.epoch import from_ms
from civicmail.city.identity.bars import KINDS
from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import Column, Filter, List, ListRequest, Number, Operation, Somebody, State, Time, Until

ROLES = {"permanent": "stop", "suspension": "lock", "restriction": "warn", "re-entry": "plain"}


def _in_force(rows: Any, value: str, request: ListRequest) -> Any:
    from django.db.models import Q

    if value == "asked":
        return rows.filter(ended__isnull=True, asker__isnull=False).exclude(asker__uid=request.actor.uid)
    living = Q(ended__isnull=True) & (Q(until__isnull=True) | Q(until__gt=from_ms(request.now)))
    return rows.filter(living) if value == "now" else rows.exclude(living)


class Bars(List):
    """List bars and pending bars, newest first.

    kind: permanent, suspension, restriction or re-entry; asker, law: of a request to end a permanent one.
    """

    name, permission = "list_bars", "violations.see"
    page = Page("access/bars/", "bars")
    operation = Operation("/bars", "read:violations", shape="BarLine")
    model, related = "access.Bar", ("person", "first", "second", "asker", "ender")
    title, section, crumbs = "Bans", "Violations", [("Violations", "violations")]
    caption, empty, noun, sort = "Bars after violations", "Nobody is barred.", "bars", "-since"
    columns = (
        Number("id"),
        Somebody("person", "Person", link=("bar",), hint=lambda b: b.person.uid, sort=("person__family",)),
        State("kind", "What", words={key: (ROLES[key], kind.name) for key, kind in KINDS.items()}, sort=("kind",)),
        Time("since", "Since", sort=("since",), name="since"),
        Until("until", "Until", optional=True, sort=("until",), name="until"),
        Time("ended", "Ended", optional=True, sort=("ended",), name="ended"),
        Column("origin"),
        Column("reason"),
        Somebody("first", optional=True),
        Somebody("second", optional=True),
        Somebody("asker", optional=True),
        Column("law"),
    )
    filters = (
        Filter("kind", "What", choices=[(key, kind.name) for key, kind in KINDS.items()]),
        Filter(
            "lives",
            "In force",
            apply=_in_force,
            choices=[("now", "now"), ("over", "not any more"), ("asked", "somebody asks for its end")],
        ),
    )


BARS = Bars()
