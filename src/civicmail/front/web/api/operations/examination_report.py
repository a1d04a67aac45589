"""The report on examinations of a week or a year, for auditors (P-16; E9)."""

from __future__ import annotations

from datetime import date

from django.utils import timezone
from ninja import Router, Schema

from civicmail.city.pages.city_request import or_404, require
from civicmail.desk.oversight import sampling
from civicmail.desk.oversight.examination_report import period_of
from civicmail.desk.oversight.queries.examination_report import report_of
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.operations_decorator import operation

router = Router(tags=["Oversight"])


class ReportedExamination(Schema):
    """One examination, and what was done under it in the period. opened: messages, each once; days: of mail, 0 without a limit;
    outlier: it opened many more messages than others."""

    number: str
    ground: str
    requester: str
    approver: str
    departments: list[str]
    people: int
    days: int
    searches: int
    opened: int
    exports: int
    urgent: bool
    outlier: bool


class ExaminationFigures(Schema):
    """unseen: number of examinations that are sealed or about the reader; examinations: the others, outliers first; reveals,
    accidents: content views without an examination."""

    period: str
    first: date
    last: date
    total: int
    unseen: int
    opened: int
    urgent: int
    reveals: int
    accidents: int
    examinations: list[ReportedExamination]


@operation(
    router, "GET", "/examination-report", act="examinations.report", scope="read:entries", page="examination-report",
    response=ExaminationFigures,
)  # fmt: skip
def read_examination_report(request: Call, period: str = "") -> ExaminationFigures:
    """Read the report on examinations. period: like 2026-W47 or 2026, default the last whole week."""
    require(request, "examinations.report")
    chosen = or_404(period_of(period or sampling.last_whole(timezone.localdate(request.now))))
    made = report_of(chosen, request.actor.uid)
    rows = [
        ReportedExamination(
            number=e.number, ground=e.ground, requester=e.requester, approver=e.approver, departments=list(e.departments),
            people=e.people, days=e.days, searches=e.searches, opened=e.opened, exports=e.exports, urgent=e.urgent,
            outlier=made.is_outlier(e),
        )
        for e in made.shown
    ]  # fmt: skip
    return ExaminationFigures(
        period=chosen.name, first=chosen.first, last=chosen.last, total=made.total, unseen=made.unseen, opened=made.opened,
        urgent=made.urgent, reveals=made.reveals, accidents=made.accidents, examinations=rows,
    )  # fmt: skip
