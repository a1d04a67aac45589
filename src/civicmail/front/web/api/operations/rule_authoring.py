"""Write mail rules: draft, test, proposal, decision, replay (P-29).

Each change names the revision that it saw. An author of a version never approves it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.shortcuts import get_object_or_404

from civicmail.city.pages.city_request import require
from civicmail.desk.oversight.acts import replays
from civicmail.desk.oversight.acts.rules import (
    DECIDE_RULE,
    DRAFT_RULE,
    EDIT_RULE,
    PROPOSE_RULE,
    TAKE_RULE_OUT,
    TEST_RULE,
    WITHDRAW_RULE,
)
from civicmail.desk.oversight.models import Replay as Row
from civicmail.desk.oversight.states import REPLAYS
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.operations.rules import RuleVersion, version
from civicmail.front.web.api.operations.rules import router as router
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import RowSchema, Who, shown_as

REPLAY = "/rules/{slug:rule}/replays/{int:id}"


class Replay(RowSchema):
    """state: waiting, reading, done, stopped or failed; found, done: messages; result: what it counted."""

    id: int
    rule: str
    version: int
    state: Annotated[str, shown_as(REPLAYS)]
    by: Who
    query: str
    asked: datetime
    found: int
    done: int
    result: dict[str, Any]


@operation(router, "GET", REPLAY, act="rules.see", scope="read:rules", page="replay", response=Replay)
def read_replay(request: Call, rule: str, id: int) -> Replay:
    """Read the progress and the counts of a replay."""
    require(request, "rules.see")
    return _replay(get_object_or_404(Row.objects.select_related("version", "by"), pk=id, version__rule=rule))


def _replay(r: Row) -> Replay:
    return Replay.from_row(r, rule=r.version.rule, version=r.version.number)


for act in (DRAFT_RULE, EDIT_RULE, TEST_RULE, PROPOSE_RULE, WITHDRAW_RULE, TAKE_RULE_OUT, DECIDE_RULE):
    act_operation(router, act, RuleVersion, version)
for replay_act in replays.ACTS:
    act_operation(router, replay_act, Replay, _replay)
