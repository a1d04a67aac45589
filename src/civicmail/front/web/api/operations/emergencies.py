"""Emergency rules: count, make, decide, end (P-25, P-29)."""

from __future__ import annotations

from django.shortcuts import get_object_or_404
from ninja import Schema

from civicmail.city.pages.city_request import require
from civicmail.desk.oversight.acts.emergencies import COUNT_EMERGENCY, DECIDE_EMERGENCY, MAKE_EMERGENCY, STOP_EMERGENCY
from civicmail.desk.oversight.lists.emergencies import EMERGENCY_RULES
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.list_operations import list_operation
from civicmail.front.web.api.operations.rules import router as router
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import RowSchema

ONE = "/emergencies/{int:id}"
EMERGENCY_ROW = list_operation(router, EMERGENCY_RULES)


class Touched(RowSchema):
    """touched: messages that it would have stopped, of so many that were looked at; unknown: of these it cannot be told; whole: all
    of the last seven days were looked at."""

    touched: int
    looked: int
    unknown: int
    whole: bool


@operation(router, "GET", ONE, act="rules.see", scope="read:rules", page="emergency", response=EMERGENCY_ROW.schema)
def read_emergency(request: Call, id: int) -> Schema:
    """Read one emergency rule."""
    require(request, "rules.see")
    return EMERGENCY_ROW(get_object_or_404(EMERGENCY_RULES.queryset(), pk=id))


act_operation(router, COUNT_EMERGENCY, Touched, Touched.from_row)
for act in (MAKE_EMERGENCY, DECIDE_EMERGENCY, STOP_EMERGENCY):
    act_operation(router, act, EMERGENCY_ROW.schema, EMERGENCY_ROW)
