"""Acts on the approval of files by department: request, agree, end (P-22)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import DepartmentCase, Resource
from civicmail.city.pages.act import Act, Operation
from civicmail.city.pages.inputs import Input, Seen, reason

if TYPE_CHECKING:
    from civicmail.city.directory.models import Department

_PATH, _SCOPE, _PAGE = "/asked-departments/{slug:department}", "write:files", "asked-department"


class Switching(Input):
    """state: as it was read: undecided, off, waits or on."""

    reason = reason("Why?", "At least 20 characters. It is kept with the decision.")
    state = Seen()


class _OnSwitch(Act["Department", Switching, "Department"]):
    permission, input = "approval.switch", Switching

    def load(self, department: str, *, actor: Actor, now: int) -> Department:
        from django.shortcuts import get_object_or_404

        from civicmail.city.directory.models import Department

        return get_object_or_404(Department.objects.select_related("head"), code=department, closed__isnull=True)

    def state(self, row: Department) -> str:
        from civicmail.desk.holding import approval_switches

        return approval_switches.switch_of(row).state


class AskDepartment(_OnSwitch):
    """Require approval of a department's outbound files; if many requests are forecast, its head must agree."""

    name = "ask_department"
    operation = Operation(f"{_PATH}/on", _SCOPE, page=_PAGE)
    success_message = "It is recorded."

    def perform(self, row: Department, given: Switching, *, actor: Actor, now: int) -> Department:
        from civicmail.desk.holding.actions import switch_approval
        from civicmail.desk.oversight.queries.approval_forecast import forecast_for

        switch_approval.switch_on(row, forecast_for(now).tenths(row.code), actor=actor, reason=given.reason, now=now)
        return row


class AgreeToBeAsked(_OnSwitch):
    """Agree as the department's head, in one's own words; it takes effect at once."""

    name, permission = "agree_to_be_asked", "approval.agree"
    operation = Operation(f"{_PATH}/agree", _SCOPE, page=_PAGE)
    success_message = "It acts from now on."

    def resource(self, row: Department, actor: Actor) -> Resource:
        from civicmail.desk.holding import approval_switches
        from civicmail.desk.holding.actions import switch_approval

        asked = approval_switches.switch_of(row).on
        return switch_approval.agreement_resource(asked) if asked else DepartmentCase(row.code, first_actors=(), began_ms=0)

    def perform(self, row: Department, given: Switching, *, actor: Actor, now: int) -> Department:
        from civicmail.city.guard.errors import Conflict
        from civicmail.desk.holding import approval_switches
        from civicmail.desk.holding.actions import switch_approval

        asked = approval_switches.switch_of(row).on
        if asked is None:
            raise Conflict("This department has no approval of files.")
        switch_approval.agree(asked, actor=actor, reason=given.reason, now=now)
        return row


class AskDepartmentNoMore(_OnSwitch):
    """Require no approval any more, or decide against it; pending requests are still answered."""

    name = "ask_department_no_more"
    operation = Operation(f"{_PATH}/off", _SCOPE, page=_PAGE)
    success_message = "It is switched off."

    def perform(self, row: Department, given: Switching, *, actor: Actor, now: int) -> Department:
        from civicmail.desk.holding.actions import switch_approval

        switch_approval.end(row, actor=actor, reason=given.reason, now=now)
        return row


ASK_DEPARTMENT, AGREE_TO_BE_ASKED, ASK_DEPARTMENT_NO_MORE = AskDepartment(), AgreeToBeAsked(), AskDepartmentNoMore()
ACTS = (ASK_DEPARTMENT, AGREE_TO_BE_ASKED, ASK_DEPARTMENT_NO_MORE)
