"""End of access: who leaves, when, and the time at each entry point (P-08, L1)."""

from __future__ import annotations

from datetime import datetime

from django.shortcuts import get_object_or_404
from ninja import Router

from civicmail.city.guard.resources import InDepartment
from civicmail.city.identity.acts.endings import CALL_OFF_ENDING, END_ACCESS
from civicmail.city.identity.lists.endings import ENDINGS
from civicmail.city.identity.models import Ending
from civicmail.city.pages.city_request import require
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.list_operations import OtherShape, list_operation
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import RowSchema, Who, who

router = Router(tags=["Ends of access"])


class EndingStep(RowSchema):
    """What was shut, how many of them, when."""

    step: str
    count: int
    at: datetime


class Ended(RowSchema):
    """One end of access. done: when the last door was shut; steps: what was shut, how many, when."""

    id: int
    person: Who
    department: str
    reason: str
    when: datetime
    by: str
    successor: Who | None
    done: datetime | None
    steps: list[EndingStep]


@operation(router, "GET", "/endings/{int:id}", act="roster.see", scope="read:access", page="ending", response=Ended)
def read_ending(request: Call, id: int) -> Ended:
    """Read an end of access, with its time at each entry point."""
    access_end = get_object_or_404(Ending.objects.select_related("person", "episode__department", "successor"), pk=id)
    require(request, "roster.see", InDepartment(access_end.episode.department.code))
    return ended(access_end)


def ended(ending: Ending) -> Ended:
    """An end of access as a program reads it."""
    return Ended.from_row(
        ending,
        department=ending.episode.department.code,
        steps=[EndingStep(step=s.step, count=s.count, at=s.at) for s in ending.steps.all()],
    )


list_operation(router, ENDINGS, OtherShape(Ended, ended))
act_operation(router, END_ACCESS, Ended, ended)
act_operation(router, CALL_OFF_ENDING, Who, lambda done: who(done.person))
