"""The list of emergency rules (P-25, P-29)."""

from __future__ import annotations

from typing import Any

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import (
    Choice,
    Column,
    Filter,
    Link,
    List,
    ListRequest,
    Number,
    Operation,
    Shown,
    Somebody,
    Time,
)
from civicmail.city.pages.states import Label, choices, label, labels
from civicmail.desk.oversight import emergencies
from civicmail.desk.oversight.lists.rules import DONE


def state_words(row: Any, now: int) -> Label:
    """Overturned, or unanswered in time by a second person; else over or in force. now: ms."""
    if row.ended is not None:
        return label({"overdue": "unanswered", "rejected": "overturned"}.get(row.ratified, "ended"))
    if now >= epoch_ms(row.until):
        return label("expired")
    return label("active" if row.ratified == "ratified" else "urgent")


def _in_state(rows: Any, choice: str, request: ListRequest) -> Any:
    from civicmail.desk.oversight.queries.emergencies import in_force

    return in_force(request.now) if choice == "acts" else rows.filter(ended__isnull=False)


class EmergencyRules(List):
    """List emergency rules, newest first.

    ratified: due, ratified, rejected or overdue; why: of its end.
    """

    name, permission = "list_emergencies", "rules.see"
    page = Page("policy/emergencies/", "emergencies")
    operation = Operation("/emergencies", "read:rules", shape="Emergency")
    model, related = "oversight.Emergency", ("officer", "approver")
    title, section, crumbs = "Emergency rules", "Mail rules", [("Rules", "rules")]
    links = (Link("Stop an attack…", "emergency-new", permission="emergency.make", primary=True),)
    caption, empty, noun, sort = "Emergency rules", "Nothing was ever stopped by an emergency rule.", "emergency rules", "-rule"
    columns = (
        Number("id"),
        Shown("rule", "Rule", str, link=("emergency",), sort=("id",)),
        Shown("state", "State", cell=lambda row, request: state_words(row, request.now)),
        Column("kind"),
        Column("value"),
        Shown("what", "Stops", "value", hint=lambda e: emergencies.KINDS[e.kind].name, full=True),
        Choice("do", "Does", words=DONE, name="does"),
        Column("reason"),
        Somebody("officer", "By", name="by", alias="by"),
        Time("at", "Since", sort=("at",), name="since"),
        Time("until", "Until", cell=lambda e, _: e.ended or e.until, sort=("until",), name="until"),
        Column("ratified"),
        Somebody("approver", optional=True),
        Time("ended", optional=True),
        Column("why"),
        Number("touched"),
    )
    filters = (Filter("state", "State", apply=_in_state, choices=choices(labels(acts="active", over="ended"))),)


EMERGENCY_RULES = EmergencyRules()
