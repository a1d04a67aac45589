"""The list of legal holds of every ground, also of those that have ended (P-20)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import (
    Cell,
    Choice,
    Column,
    Filter,
    Link,
    List,
    ListRequest,
    Number,
    Operation,
    Somebody,
    State,
    Time,
)
from civicmail.city.pages.states import choices
from civicmail.desk.retention.states import GROUNDS, HOLD


def _of(attribute: str) -> Any:
    return lambda rows, value, _: rows.filter(**{attribute: value})


def _containing(rows: Any, value: str, _: ListRequest) -> Any:
    folded = value.casefold()
    return rows.where(lambda row: folded in f"{row.scope} {row.reason}".casefold())


def _by(row: Any, _: ListRequest) -> Cell:
    return Cell.of(row.by or "hidden")


def _messages(row: Any, _: ListRequest) -> Cell:
    return Cell.of("" if row.messages is None else row.messages)


class LegalHolds(List):
    """List legal holds of every ground, also those that have ended.

    hold: its id; ground: request, litigation, claim, audit or other; scope: the query, or the work that placed it; messages: how
    many it covered at `counted`; ended, why: of its end. Of an examination neither people nor words are listed.
    """

    name, permission = "list_legal_holds", "retention.see"
    page = Page("retention/holds/", "retention-holds")
    operation = Operation("/retention/holds", "read:retention", shape="LegalHold")
    title, section = "Legal holds", "Retention"
    caption, empty, noun = "Legal holds of every ground", "No hold was ever placed.", "holds"
    sort, order = "-placed", "-key"
    template = "retention/holds.html"
    columns: Sequence[Column] = (
        Column("scope", "Scope", link=("retention-hold",), hint=lambda row: row.reason, full=True),
        Choice("ground", "Ground", words=GROUNDS, sort=("ground",)),
        State("state", "State", words=HOLD, sort=("state",)),
        Time("placed", "Placed", sort=("placed",), name="placed"),
        Somebody("person", "By", cell=_by, name="by", optional=True),
        Number("messages", "Messages", cell=_messages, sort=("messages",), name="messages", optional=True),
        Time("ended", "Ended", sort=("ended",), name="ended", optional=True),
        Column("hold", value="pk"),
        Column("reason"),
        Time("counted", optional=True),
        Column("why"),
    )
    filters: Sequence[Filter] = (
        Filter("state", "State", choices=choices(HOLD), apply=_of("state")),
        Filter("ground", "Ground", choices=tuple(GROUNDS.items()), apply=_of("ground")),
        Filter("words", "Scope or reason has", apply=_containing),
    )
    links = (Link("Place a hold", "retention-hold-place", permission="retention.hold", primary=True),)

    def rows(self, request: ListRequest) -> Any:
        from civicmail.city.pages.records import Records
        from civicmail.desk.retention.queries.holds import lines

        return Records(lines())

    def facts(self, request: ListRequest, shown: Any) -> Sequence[tuple[str, Any]]:
        from civicmail.city.guard.epoch import from_ms
        from civicmail.desk.retention import hold_counts
        from civicmail.desk.viewer.queries import installation

        counts = hold_counts.current(installation())
        return [("Messages counted", from_ms(counts.at) if counts.at else "not yet")]


LEGAL_HOLDS = LegalHolds()
