"""The list of compromised accounts (P-25). Envelopes only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import Choice, Column, Filter, List, ListRequest, Number, Operation, Shown, Somebody, State, Time
from civicmail.city.pages.states import choices, labels
from civicmail.desk.holding.containment_states import OPEN, SIGNS, STATES

if TYPE_CHECKING:
    from civicmail.desk.holding.models import Containment


def _sender(row: Containment) -> str:
    """The sender of the mail, if the account has no owner."""
    return row.sender.partition(":")[2] if row.person is None else ""


def _in_state(rows: Any, state: str, request: ListRequest) -> Any:
    from civicmail.desk.holding import tasks

    if state == "mine":
        return rows.filter(pk__in=tasks.contained(request.actor).values("pk"))
    return rows.filter(state__in=OPEN) if state == "open" else rows.exclude(state__in=OPEN)


class CompromisedAccounts(List):
    """List compromised accounts, newest first.

    sender: of the mail, if the account has no owner; sign: the anomaly; state: held, locked or released.
    """

    name, permission = "list_contained", "containment.see"
    page = Page("holding/contained/", "contained")
    operation = Operation("/contained", "read:holding", shape="ContainedLine")
    model, related = "holding.Containment", ("person", "locker", "releaser")
    title, section = "Compromised accounts", "Holding"
    caption, empty = "Accounts that act unlike their owners", "No account has acted unlike its owner."
    noun, sort = "accounts", "-made"
    columns = (
        Number("id"),
        Somebody("person", optional=True),
        Column("sender", value=_sender),
        Time("made", "Since", link=("containment",), sort=("made",)),
        State("state", "State", words=STATES),
        Shown("who", "Account", lambda c: str(c.person or _sender(c)), sort=("sender",), name="of"),
        Choice("sign", "It sent", words=SIGNS, name="sent"),
        Somebody("locker", "Locked by", optional=True, name="locked by"),
        Somebody("releaser", "Released by", optional=True, name="released by"),
    )
    filters = (
        Filter("state", "State", apply=_in_state, choices=[("mine", "Waits for you"), *choices(labels("released", open="held"))]),
    )


COMPROMISED_ACCOUNTS = CompromisedAccounts()
