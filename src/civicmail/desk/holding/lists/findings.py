"""The list of use findings (P-12): no names before a finding is confirmed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import Column, Filter, List, ListRequest, Number, Shown, State, Time
from civicmail.city.pages.states import choices, labels

if TYPE_CHECKING:
    pass

STATES = labels("open", "reminded", "confirmed", nothing="dismissed", second="pending", refused="denied", handed="referred")
_CHOSEN = {
    "waits": ["open"],
    "second": ["second"],
    "confirmed": ["confirmed"],
    "over": ["nothing", "reminded", "refused", "handed"],
}


def _in_state(rows: Any, choice: str, request: ListRequest) -> Any:
    from civicmail.desk.holding import tasks

    if choice == "mine":
        return rows.filter(pk__in=tasks.findings(request.actor).values("pk"))
    return rows.filter(state__in=_CHOSEN[choice])


class UseFindings(List):
    """List use findings, newest first; names only of confirmed ones."""

    name, permission = "list_findings", "findings.see"
    page = Page("holding/findings/", "findings")
    model, related = "holding.Finding", ("person",)
    title, section = "Use findings", "Oversight"
    caption, empty = "Findings about what mail is used for", "No rule has found anything that a person should look at."
    noun, sort = "findings", "-received"
    columns = (
        Time("received", "Sent", link=("finding",), sort=("received",)),
        State("state", "State", words=STATES, hint=lambda f: "1 of 2" if f.state == "second" else ""),
        Column("rule", "Rule", hint=lambda f: f.clause, sort=("rule",), name="rule"),
        Shown("who", "Who", lambda f: str(f.person or f.pseudonym), name="by"),
        Number("copies", "Copies", sort=("copies",), name="copies"),
    )
    filters = (
        Filter(
            "state",
            "State",
            apply=_in_state,
            choices=[("mine", "Waits for you"), *choices(labels("confirmed", waits="open", second="pending", over="closed"))],
        ),
    )


USE_FINDINGS = UseFindings()
