"""Legal holds and retention schedules (P-20, P-23)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from ninja import Router, Schema

from civicmail.city.pages.city_request import or_404, require
from civicmail.desk.retention.acts import disposals
from civicmail.desk.retention.acts.holds import END_HOLD, PLACE_HOLD
from civicmail.desk.retention.acts.schedules import ADOPT_SCHEDULES
from civicmail.desk.retention.lists.disposals import DISPOSALS_LIST
from civicmail.desk.retention.lists.holds import LEGAL_HOLDS
from civicmail.desk.retention.lists.schedules import RETENTION_SCHEDULES
from civicmail.desk.retention.queries import holds, schedules
from civicmail.desk.retention.queries.schedules import FileVersion
from civicmail.desk.retention.views import due_page
from civicmail.front.web.api import pagination
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.list_operations import list_operation
from civicmail.front.web.api.operations_decorator import operation

router = Router(tags=["Retention"])

HOLD_ROW = list_operation(router, LEGAL_HOLDS)
DISPOSAL_ROW = list_operation(router, DISPOSALS_LIST)


@operation(
    router, "GET", "/retention/holds/{str:hold}", act="retention.see", scope="read:retention", page="retention-hold",
    response=HOLD_ROW.schema,
)  # fmt: skip
def read_legal_hold(request: Call, hold: str) -> Schema:
    """Read one legal hold."""
    require(request, "retention.see")
    return HOLD_ROW(or_404(holds.line_of(hold)))


for act in (PLACE_HOLD, END_HOLD):
    act_operation(router, act, HOLD_ROW.schema, HOLD_ROW)
for disposal_act in disposals.ACTS:
    act_operation(router, disposal_act, DISPOSAL_ROW.schema, DISPOSAL_ROW)

list_operation(router, RETENTION_SCHEDULES)


class ScheduleFile(Schema):
    """An adopted file of schedules. number: from 1, the highest is in force; series: how many; by: name."""

    number: int
    at: datetime
    by: str
    reason: str
    series: int
    text: str


class ScheduleDifference(Schema):
    """what: added, removed or changed; field: "" for a whole schedule."""

    what: str
    name: str
    field: str
    before: str
    after: str


class ScheduleFileChanges(ScheduleFile):
    """changes: against the file before."""

    changes: list[ScheduleDifference]


class DueClass(Schema):
    """name: of the class; title: of its schedule; total: messages; due: whose period is over; years: how many become due in each of
    the years; later: after them; lapsed: of all these, after the approval ends; stays: permanent, no schedule, expired, notice, or
    empty."""

    name: str
    title: str
    total: int
    due: int
    years: list[int]
    later: int
    lapsed: int
    stays: str


class DueForecast(Schema):
    """counted: null before the first count; held: messages under any hold, null where unknown; unsealed: messages in journals."""

    counted: datetime | None
    years: list[int]
    classes: list[DueClass]
    unsealed: int
    held: int | None


def _file(v: FileVersion) -> ScheduleFile:
    return ScheduleFile(number=v.number, at=v.at, by=v.by, reason=v.reason, series=v.series, text=v.text)


act_operation(router, ADOPT_SCHEDULES, ScheduleFile, _file)


@operation(
    router, "GET", "/retention/schedules/files", act="retention.see", scope="read:retention", page="retention-schedule-files",
    response=list[ScheduleFile],
)  # fmt: skip
def list_schedule_files(request: Call, response: HttpResponse) -> list[Any]:
    """List every adopted file of schedules, newest first."""
    require(request, "retention.see")
    return pagination.slices(request, response, schedules.versions(), _file, key=lambda v: str(v.number))


@operation(
    router, "GET", "/retention/schedules/files/{int:number}", act="retention.see", scope="read:retention",
    page="retention-schedule-file", response=ScheduleFileChanges,
)  # fmt: skip
def read_schedule_file(request: Call, number: int) -> ScheduleFileChanges:
    """Read one file of schedules, and what it changed of the one before."""
    require(request, "retention.see")
    versions = schedules.versions()
    version = or_404(next((v for v in versions if v.number == number), None))
    changes = [
        ScheduleDifference(what=c.what, name=c.class_, field=c.field, before=c.old, after=c.new)
        for c in schedules.differences(version, versions)
    ]
    return ScheduleFileChanges(**_file(version).dict(), changes=changes)


@operation(
    router, "GET", "/retention/due", act="retention.see", scope="read:retention", page="retention-due", response=DueForecast
)  # fmt: skip
def read_due_forecast(request: Call) -> dict[str, Any]:
    """Read what becomes due in each of the next ten years by class, and what stays."""
    require(request, "retention.see")
    return due_page.plain(request.now)
