"""The list of retention schedules in force (P-20)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import Cell, Column, Day, Flag, Link, List, ListRequest, Number, Operation, State, Texts
from civicmail.desk.retention.states import SCHEDULE


def _expires(row: Any, _: ListRequest) -> Cell:
    return Cell.of(row.schedule.expires, row.warning)


def _approval(row: Any, _: ListRequest) -> Cell:
    return Cell.of(row.schedule.approval, row.schedule.board)


def _people(row: Any, _: ListRequest) -> Cell:
    return Cell(", ".join(row.schedule.addresses), full=True)


class RetentionSchedules(List):
    """List the retention schedules in force.

    class: of messages; id: of the records series; years, days: after the trigger (received or year-end), both 0 for a permanent
    one; approval, board: who approved it; expires: after that day nothing is disposed of; historical: waived or notify; notified:
    when the State Historical Society was; addresses: whose mail has this class.
    """

    name, permission = "list_retention_schedules", "retention.see"
    page = Page("retention/schedules/", "retention-schedules")
    operation = Operation("/retention/schedules", "read:retention", shape="RetentionSchedule")
    title, section = "Schedules", "Retention"
    caption, noun = "Retention schedules in force", "schedules"
    empty = "No schedules are in force, so nothing is ever disposed of."
    order = "pk"
    template = "retention/schedules.html"
    columns: Sequence[Column] = (
        Column("title", "Schedule", "schedule.title", hint=lambda row: f"{row.pk}, series {row.schedule.id}"),
        State("state", "State", words=SCHEDULE),
        Column("period", "Retained"),
        Column("approval", "Approval", "schedule.approval", cell=_approval),
        Day("expires", "Expires", "schedule.expires", cell=_expires, name="expires"),
        Column("historical", "State Historical Society", "schedule.historical", cell=lambda row, _: row.historical, name="society"),
        Texts("addresses", "Mail of", "schedule.addresses", cell=_people, name="mail of"),
        Column("class", value="pk"),
        Column("id", value="schedule.id"),
        Number("years", value="schedule.years"),
        Number("days", value="schedule.days"),
        Flag("permanent", value="schedule.permanent"),
        Column("trigger", value="schedule.trigger"),
        Column("board", value="schedule.board"),
        Day("approved", value="schedule.approved"),
        Day("notified", value="schedule.notified", optional=True),
    )
    links = (
        Link("Adopt a file", "retention-schedules-adopt", permission="retention.schedule", primary=True),
        Link("Earlier files", "retention-schedule-files"),
    )

    def rows(self, request: ListRequest) -> Any:
        from django.utils import timezone

        from civicmail.city.guard.epoch import from_ms
        from civicmail.city.pages.records import Records
        from civicmail.desk.retention.queries import schedules

        return Records(schedules.lines(schedules.in_force(), timezone.localdate(from_ms(request.now))))

    def context(self, request: ListRequest) -> Mapping[str, Any]:
        rows = list(self.rows(request))
        return {
            "expired": [row for row in rows if row.state == "expired"],
            "soon": [row for row in rows if row.state != "expired" and row.is_warned],
        }


RETENTION_SCHEDULES = RetentionSchedules()
