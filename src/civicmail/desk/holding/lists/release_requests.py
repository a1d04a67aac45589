"""The list of release requests (P-02, P-19, P-25). Nobody reads a message for this; that needs an examination."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import (
    Choice,
    Column,
    Filter,
    Flag,
    Identifier,
    List,
    ListRequest,
    Number,
    Numbers,
    Operation,
    Somebody,
    State,
    Texts,
    Time,
)
from civicmail.city.pages.states import choices, labels
from civicmail.desk.holding import release_states

if TYPE_CHECKING:
    pass

KINDS = {"other": "One officer", "confidential": "Confidential: a privacy officer", "malware": "Malware: two officers"}


def rule_names(row: Any) -> list[str]:
    """The names in a row's rules, which a comma separates."""
    return [name for name in row.rules.split(",") if name]


def _in_state(rows: Any, state: str, request: ListRequest) -> Any:
    from civicmail.desk.holding import tasks

    match state:
        case "mine":
            return rows.filter(pk__in=tasks.releases(request.actor).values("pk"))
        case "waits":
            return rows.filter(state__in=release_states.OPEN)
        case "over":
            return rows.exclude(state__in=release_states.OPEN)
    return rows.filter(state=state)


class ReleaseRequests(List):
    """List release requests, newest first.

    A request to release copies of a message. kind: other (one officer), confidential (a privacy officer) or malware (two officers);
    sender: whether the requester sent it; state: asked, agreed, released, kept, refused, withdrawn or lapsed; why: in the words of
    the requester; first: the first of two officers, who agreed.
    """

    name, permission = "list_releases", "releases.see"
    page = Page("holding/releases/", "releases")
    operation = Operation("/releases", "read:holding", shape="ReleaseRequest")
    model, related = "holding.Release", ("requester", "first", "person")
    title, section, crumbs = "Release requests", "Holding", [("Quarantine", "quarantine")]
    caption, empty = "Release requests", "There are no release requests."
    noun, sort = "requests", "-made"
    columns = (
        Number("id"),
        Identifier("message", value="capture"),
        Time("made", "Asked", link=("release",), sort=("made",)),
        State("state", "State", words=release_states.WORDS, hint=lambda r: "1 of 2" if r.state == "agreed" else ""),
        Choice("kind", "Who decides", words=KINDS, sort=("kind", "id"), name="decides"),
        Texts("rules", "Kept by rule", rule_names, name="by"),
        Numbers("copies", "Copies", name="copies"),
        Flag("sender"),
        Somebody("requester", "Asked by", hint=lambda r: "sent it" if r.sender else "it is for them", name="by"),
        Column("why"),
        Somebody("first", optional=True),
        Somebody("person", optional=True),
    )
    filters = (
        Filter(
            "state",
            "State",
            apply=_in_state,
            others=list(release_states.WORDS),
            choices=[("mine", "Waits for you"), *choices(labels(waits="pending", over="closed"))],
        ),
        Filter("kind", "Who decides", choices=list(KINDS.items())),
    )


RELEASE_REQUESTS = ReleaseRequests()
