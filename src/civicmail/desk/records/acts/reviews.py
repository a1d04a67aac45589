"""Acts on the items of a request: decide, confirm, redact, assign, draw a sample (P-21)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import Conflict, Unusable
from civicmail.city.guard.resources import Resource
from civicmail.city.pages.act import Act, FormPage, Operation, Page
from civicmail.city.pages.inputs import Choice, Input, Lines, Number, PersonName, Text
from civicmail.desk.records.states import VERDICT

if TYPE_CHECKING:
    from civicmail.desk.records.models import Decision, Item, Redaction, Request

_ROUTE, _PATH = "records/requests/<slug:number>/", "/records/requests/{str:number}"
_ITEM = f"{_PATH}/items/{{int:item}}"
_FACTS = Lines(
    label="Facts that the code needs, one a line", help="Id of the fact, a colon, the text.", required=False, max_length=2000
)


class ItemDecision(Input):
    """verdict: what happens to the content; code: id of the law pack, for what is withheld; facts: what the code needs."""

    verdict = Choice(label="Decision", choices=[(verdict, str(word)) for verdict, (_, word) in VERDICT.items()])
    code = Text(label="Code of the law pack", max_length=40, rows=1, required=False)
    reason = Text(label="Reason for the log, left out for that of the code", max_length=2000, required=False)
    facts = _FACTS
    note = Text(label="Note for the desk", max_length=2000, required=False)


class WordsToRedact(Input):
    """first, last: numbers of words from 1, both included; code, reason, facts: as of a decision."""

    first = Number(label="First word", minimum=1, default=1)
    last = Number(label="Last word", minimum=1, default=1)
    code = Text(label="Code of the law pack", max_length=40, rows=1)
    reason = ItemDecision.reason
    facts = _FACTS


class Share(Input):
    """percent: of what is released in full."""

    percent = Number(label="Percent of what is released in full", minimum=1, maximum=100, default=5)


class ItemsToAssign(Input):
    """person: of the people who work on the request; count: how many at least, up to the end of the thread."""

    person = PersonName(label="Reviewer", help="Somebody who works on this request.")
    count = Number(
        label="Documents", help="The next open ones that nobody has, whole threads.", minimum=1, maximum=10_000, default=100
    )


class Nothing(Input):
    """No value."""


class _OnRequest[Given: Input, Done](Act["Request", Given, Done]):
    permission = "records.review"

    def load(self, number: str, *, actor: Actor, now: int) -> Request:
        from civicmail.desk.records.queries import requests

        return requests.find(number, actor, now)

    def _form(self, row: Request, title: str, submit: str) -> FormPage:
        from django.urls import reverse

        crumbs = [(row.number, reverse("records-request", args=[row.number]))]
        return FormPage(
            title=title, section=row.number, submit=submit, back=reverse("records-review", args=[row.number]), crumbs=crumbs
        )


class _OnItem[Given: Input, Done](Act["Item", Given, Done]):
    permission = "records.review"

    def load(self, number: str, item: int, *, actor: Actor, now: int) -> Item:
        from django.shortcuts import get_object_or_404

        from civicmail.desk.records.models import Item
        from civicmail.desk.records.queries import requests

        request = requests.find(number, actor, now)
        return get_object_or_404(Item.objects.select_related("request"), request=request, number=item)


class DecideItem(_OnItem[ItemDecision, "Decision"]):
    """Decide what happens to a document of a request, and to all its copies."""

    name, input = "decide_record_item", ItemDecision
    operation = Operation(f"{_ITEM}/decision", "write:records", page="records-review")

    def perform(self, row: Item, given: ItemDecision, *, actor: Actor, now: int) -> Decision:
        from civicmail.desk.records.actions import decisions

        ruling = decisions.Ruling(given.verdict, given.code, given.reason, _facts(given.facts), given.note)
        return decisions.decide(row.request, [row], ruling, actor=actor, now=now)[0]


class ConfirmItem(_OnItem[Nothing, "Decision"]):
    """Confirm the decision on a document as its second reader."""

    name, permission, input = "confirm_record_item", "records.second", Nothing
    operation = Operation(f"{_ITEM}/confirm", "write:records", page="records-review")

    def resource(self, row: Item, actor: Actor) -> Resource | None:
        from civicmail.desk.records.actions import second_reading
        from civicmail.desk.records.queries import reviews

        decision = reviews.by_content(row.request, [row.content]).get(row.content)
        return second_reading.resource_of(decision) if decision is not None else None

    def perform(self, row: Item, given: Nothing, *, actor: Actor, now: int) -> Decision:
        from civicmail.desk.records.actions import second_reading

        return second_reading.confirm(row.request, row, actor=actor, now=now)


class RedactWords(_OnItem[WordsToRedact, "Redaction"]):
    """Redact words of a document under a code."""

    name, input = "redact_record_item", WordsToRedact
    operation = Operation(f"{_ITEM}/redactions", "write:records", page="records-redact", status=201)

    def perform(self, row: Item, given: WordsToRedact, *, actor: Actor, now: int) -> Redaction:
        from civicmail.desk.records.actions import redactions
        from civicmail.desk.records.queries.reading import Reading

        opened = Reading(row.request, "content.show", actor=actor, facts={"ids": [row.capture], "item": row.number}, now=now)
        place = redactions.words_at(row, opened.document(row), given.first - 1, given.last - 1)
        facts = _facts(given.facts)
        made = redactions.mark(row.request, [place], actor=actor, now=now, code=given.code, reason=given.reason, facts=facts)
        if not made:
            raise Conflict("These words are redacted already.")
        return made[0]


class RemoveRedaction(Act["Redaction", Nothing, "Redaction"]):
    """Remove a redaction; its number stays taken."""

    name, permission, input = "remove_record_redaction", "records.review", Nothing
    operation = Operation(f"{_PATH}/redactions/{{int:redaction}}/remove", "write:records", page="records-redact")

    def load(self, number: str, redaction: int, *, actor: Actor, now: int) -> Redaction:
        from django.shortcuts import get_object_or_404

        from civicmail.desk.records.models import Redaction
        from civicmail.desk.records.queries import requests

        rows = Redaction.objects.filter(removed__isnull=True).select_related("request")
        return get_object_or_404(rows, request=requests.find(number, actor, now), number=redaction)

    def perform(self, row: Redaction, given: Nothing, *, actor: Actor, now: int) -> Redaction:
        from civicmail.desk.records.actions import redactions

        return redactions.remove(row.request, [row.number], actor=actor, now=now)[0]


class SampleReleases(_OnRequest[Share, int]):
    """Draw a sample of what is released in full for the second reader."""

    name, input = "sample_record_releases", Share
    page = Page(f"{_ROUTE}sample/", "records-sample")
    operation = Operation(f"{_PATH}/sample", "write:records")

    def form_page(self, row: Request) -> FormPage:
        return self._form(row, "Sample", "Draw the sample")

    def perform(self, row: Request, given: Share, *, actor: Actor, now: int) -> int:
        from civicmail.desk.records.actions import second_reading

        return second_reading.sample(row, given.percent, actor=actor, now=now)

    def message(self, row: Request, done: int) -> str:
        return f"Documents for the second reader: {done:,}."


class AssignItems(_OnRequest[ItemsToAssign, int]):
    """Give open documents of a request to one of its reviewers."""

    name, input = "assign_record_items", ItemsToAssign
    page = Page(f"{_ROUTE}assign-documents/", "records-assign-items")
    operation = Operation(f"{_PATH}/assign-documents", "write:records")

    def form_page(self, row: Request) -> FormPage:
        return self._form(row, "Assign documents", "Assign")

    def perform(self, row: Request, given: ItemsToAssign, *, actor: Actor, now: int) -> int:
        from civicmail.desk.records.actions import item_assignments

        return item_assignments.assign(row, given.person, given.count, actor=actor, now=now)

    def message(self, row: Request, done: int) -> str:
        return f"Documents assigned: {done:,}."


def _facts(lines: list[str]) -> dict[str, str]:
    """Facts by id, from lines. Raises Unusable."""
    pairs = [line.partition(":") for line in lines]
    if any(not colon for _, colon, _ in pairs):
        raise Unusable("A fact is a line with its id, a colon and its text.", {"facts": "Write the id, a colon and the text."})
    return {id_.strip(): text.strip() for id_, _, text in pairs}


DECIDE_ITEM, CONFIRM_ITEM, REDACT_WORDS, REMOVE_REDACTION = DecideItem(), ConfirmItem(), RedactWords(), RemoveRedaction()
SAMPLE_RELEASES, ASSIGN_ITEMS = SampleReleases(), AssignItems()
ACTS: tuple[Act[Any, Any, Any], ...] = (SAMPLE_RELEASES, ASSIGN_ITEMS)
