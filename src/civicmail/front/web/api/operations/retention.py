"""Legal holds and retention schedules (P-20, P-23)."""

from __future__ import annotations

from ninja import Router, Schema

from civicmail.city.pages.city_request import or_404, require
from civicmail.desk.retention.acts.holds import END_HOLD, PLACE_HOLD
from civicmail.desk.retention.lists.holds import LEGAL_HOLDS
from civicmail.desk.retention.queries import holds
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.list_operations import list_operation
from civicmail.front.web.api.operations_decorator import operation

router = Router(tags=["Retention"])

HOLD_ROW = list_operation(router, LEGAL_HOLDS)


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
