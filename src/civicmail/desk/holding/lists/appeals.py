"""The list of appeals against decisions about mail (P-29)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import (
    Column,
    Filter,
    Identifier,
    List,
    ListRequest,
    Number,
    Operation,
    Somebody,
    State,
    Texts,
    Time,
)
from civicmail.city.pages.states import choices, labels
from civicmail.desk.holding.lists.release_requests import rule_names

if TYPE_CHECKING:
    pass

STATES = labels("upheld", "released", "corrected", **{"": "pending"})


def _in_state(rows: Any, state: str, request: ListRequest) -> Any:
    from civicmail.desk.holding import tasks

    if state == "mine":
        return rows.filter(pk__in=tasks.contests(request.actor).values("pk"))
    return rows.filter(answer="") if state == "waits" else rows.exclude(answer="")


class Appeals(List):
    """List appeals against decisions about mail, newest first.

    contact: address for the answer; answer: empty while it waits, then upheld, released or corrected.
    """

    name, permission = "list_contests", "contests.see"
    page = Page("holding/contests/", "contests")
    operation = Operation("/contests", "read:holding", shape="ContestLine")
    model, related = "holding.Contest", ("person",)
    title, section = "Appeals", "Holding"
    caption, empty, noun, sort = "Contested decisions", "Nobody has contested a decision.", "contests", "-made"
    columns = (
        Number("id"),
        Identifier("message", value="capture"),
        Time("made", "Said", link=("contest",), sort=("made",)),
        State("answer", "State", words=STATES, sort=("answer",), alias="state"),
        Texts("rules", "Rules", rule_names, name="rules"),
        Column("text"),
        Column("contact"),
        Somebody("person", "Answered by", optional=True, name="by"),
    )
    filters = (
        Filter(
            "state",
            "State",
            apply=_in_state,
            choices=[("mine", "Waits for you"), *choices(labels(waits="pending", answered="decided"))],
        ),
    )


APPEALS = Appeals()
