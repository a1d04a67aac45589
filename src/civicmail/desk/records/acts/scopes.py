"""Acts on the scope of a request: propose a version, decide about one as a second person (P-21)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import Resource
from civicmail.city.pages.act import Act, FormPage, Operation, Page
from civicmail.city.pages.inputs import Choice, Code, Input, Seen, Text
from civicmail.desk.records.states import SCOPE

if TYPE_CHECKING:
    from civicmail.desk.records.models import Request, Scope

MAX_QUERY = 4000
_SCOPE = "write:records"


class ScopeToPropose(Input):
    """understood: the request in the desk's words; query: of the search language, over the whole archive."""

    understood = Text(
        label="The request as we understand it",
        help="The requester reads this. Name subjects, people and days.",
        max_length=4000,
        missing="Say in words what is asked for.",
    )
    query = Code(
        label="The query that finds it",
        help="In the words of the search. Everything that it finds is held, now and later.",
        max_length=MAX_QUERY,
        rows=2,
        missing="Write the query.",
    )


class ProposeScope(Act["Request", ScopeToPropose, "Scope"]):
    """Propose what a request reaches, in words and as a query; agreed at once unless the proposer entered the request."""

    name, permission, input = "propose_scope", "records.work", ScopeToPropose
    model, key, related = "records.Request", "number", ("entered",)
    operation = Operation("/records/requests/{str:number}/scopes", _SCOPE, page="records-scope", status=201)

    def perform(self, row: Request, given: ScopeToPropose, *, actor: Actor, now: int) -> Scope:
        from civicmail.desk.records.actions import scopes

        return scopes.propose(row, given.understood, given.query, actor=actor, now=now)

    def message(self, row: Request, done: Scope) -> str:
        if done.state == "proposed":
            return f"Scope {done.version} was proposed. A second person decides, because you entered this request."
        return f"Scope {done.version} was agreed. What it reaches is held."


class ScopeDecision(Input):
    """decision: yes or no; reason: needed for a no; state: as it was seen."""

    decision = Choice(
        label="Your decision", radio=True, missing="Choose one of the two.",
        choices=[("yes", "Agree to this scope"), ("no", "Do not agree")],
    )  # fmt: skip
    reason = Text(label="Reason", help="Needed for a no, in at least 10 characters.", required=False)
    state = Seen(default="proposed")


class DecideScope(Act["Scope", ScopeDecision, "Scope"]):
    """Agree to a proposed scope or refuse it, as a second person."""

    name, permission, input = "decide_scope", "records.confirm-scope", ScopeDecision
    page = Page("records/requests/<slug:number>/scope/<int:version>/", "records-scope-decide")
    operation = Operation("/records/requests/{str:number}/scopes/{int:version}/decide", _SCOPE)

    def load(self, number: str, version: int, *, actor: Actor, now: int) -> Scope:
        from django.shortcuts import get_object_or_404

        from civicmail.desk.records.models import Scope

        return get_object_or_404(Scope.objects.select_related("request__entered", "by"), request__number=number, version=version)

    def resource(self, row: Scope, actor: Actor) -> Resource:
        from civicmail.desk.records.actions import scopes

        return scopes.about(row)

    def perform(self, row: Scope, given: ScopeDecision, *, actor: Actor, now: int) -> Scope:
        from civicmail.desk.records.actions import scopes

        return scopes.decide(row, given.decision == "yes", given.reason, actor=actor, now=now)

    def message(self, row: Scope, done: Scope) -> str:
        return f"Scope {done.version} of request {done.request.number} is {SCOPE[done.state][1].lower()}."

    def form_page(self, row: Scope) -> FormPage:
        from django.urls import reverse

        from civicmail.desk.records.states import SCOPE
        from civicmail.desk.records.views import request_page

        back = reverse("records-scope", args=[row.request.number])
        title = f"Agree to scope {row.version} of request {row.request.number}?"
        head = request_page.page(row.request, title, here=[("Scope", back)])
        return FormPage(
            title=title, section=head.section, crumbs=head.crumbs, state=SCOPE[row.state], submit="Save the decision", back=back,
            effects=[
                f"It was proposed by {row.by}: {row.understood}",
                f"Query: {row.query}",
                "The people who work on the request may then search and read what the query finds, each time with an entry.",
            ],
            stays=["What the former scope holds stays held until this one is agreed."],
        )  # fmt: skip


PROPOSE_SCOPE, DECIDE_SCOPE = ProposeScope(), DecideScope()
ACTS: tuple[Act[Any, Any, Any], ...] = (DECIDE_SCOPE,)
"""Acts with a page of their own."""
