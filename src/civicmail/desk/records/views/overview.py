"""The page of one request: what was asked, how far it is, and everything that was done about it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from civicmail.city.directory.models import Person
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.models import Entry
from civicmail.city.pages.city_request import CityRequest, acting, may
from civicmail.city.pages.page import Action
from civicmail.desk.records.actions.content import object_of
from civicmail.desk.records.models import Request
from civicmail.desk.records.views import request_page

ENTRIES = 50
ACTS = {
    "content.list": "Searched",
    "content.show": "Opened a message",
    "content.attachment": "Opened an attachment",
    "records.receive": "Took the request",
    "records.acknowledge": "Acknowledged it",
    "records.reply": "The requester wrote",
    "records.attach": "Put mail to it",
    "records.settle-reply": "Answered a message",
    "records.describe": "Changed its title",
    "records.assign": "Assigned somebody",
    "records.unassign": "Ended an assignment",
    "records.pause": "Stopped the clock",
    "records.resume": "Started the clock",
    "records.set-target": "Set the target",
    "records.put-in-writing": "Put it in writing",
    "records.self-request-step": "Answered a step on records about the requester",
    "records.change-contact": "Changed the contact data",
    "records.delete-contact": "Deleted the contact data",
    "records.withdraw": "Withdrew it",
    "records.close": "Closed it",
    "records.reopen": "Reopened it",
    "records.suit": "Recorded a suit",
    "records.end-suit": "Recorded the end of the suit",
    "search.made": "Finished the search",
    "search.failed": "The search failed",
    "item.read-again": "Had a file read again",
    "item.password-asked": "Asked for a password",
    "item.settled": "Settled what could not be searched",
    "records.assigned-items": "Assigned documents",
    "records.decided": "Decided about documents",
    "records.undone": "Undid a decision",
    "records.inherited": "Took over decisions of earlier requests",
    "records.redacted": "Marked what to redact",
    "records.coded": "Gave redactions their code",
    "records.allowed": "Allowed redacted words elsewhere, or took that back",
    "records.unredacted": "Removed redactions",
    "records.redaction-undone": "Undid a redaction",
    "records.suggestion": "Answered a suggestion",
    "records.second-asked": "Asked a second reader",
    "records.sampled": "Drew a sample for the second reader",
    "records.confirmed": "Confirmed a decision",
    "records.ordered": "Ordered a production",
    "content.export": "Read documents for a production",
    "records.blocked": "The checks refused a production",
    "records.made": "Made and checked a production",
    "records.stopped": "Stopped a production",
    "records.returned": "Returned a production to review",
    "records.approved": "Approved a production",
    "records.released": "Released a production",
    "records.fetched": "Downloaded a release",
    "records.publication-planned": "Planned a publication in the reading room",
    "records.publication-stopped": "The scan stopped a publication",
    "records.publication-allowed": "Let pass what the scan found",
    "records.published": "Published a release",
    "records.taken-down": "Took a release out of the reading room",
    "records.format-asked": "Somebody asked for another format",
    "records.format-provided": "Gave another format",
    "records.format-declined": "Refused another format",
    "records.notice-added": "Added a notice to a subject",
    "records.notice-served": "Served a notice to a subject",
    "records.notice-disputed": "Recorded a court action of a subject",
    "records.notice-ended": "Ended a notice to a subject",
    "records.notice-dropped": "Took back a notice to a subject",
    "records.contest": "The requester contested something",
    "records.contest-answered": "Answered a contest",
    "records.case-file": "Exported the case file",
    "records.attestation-asked": "Asked for a statement on personal accounts",
    "records.attested": "Answered about personal accounts",
    "records.letter-write": "Began a letter",
    "records.letter-change": "Changed a letter",
    "records.letter-discard": "Discarded a letter",
    "records.letter-submit": "Submitted a letter",
    "records.letter-return": "Returned a letter",
    "records.letter-send": "Sent a letter",
    "records.demand-reasons": "The requester demanded written reasons",
    "records.fee-add": "Entered a charge",
    "records.fee-remove": "Removed a charge",
    "records.fee-reduced": "Reduced the charges",
    "records.fee-paid": "Recorded a payment",
    "hold.placed": "Placed a hold",
    "hold.lifted": "Lifted a hold",
    "scope.proposed": "Proposed a scope",
    "scope.agreed": "Agreed to a scope",
    "scope.refused": "Refused a scope",
}
"""Act of an entry -> its words in the history."""


@acting("records.see")
def overview(request: CityRequest, number: str) -> HttpResponse:
    """Show the request, its scope, pauses and people, and its history."""
    row = request_page.seen(request, number)
    shown: dict[str, Any] = {
        "page": request_page.page(row, actions=_actions(request, row)),
        "row": row,
        "sections": request_page.sections(row, "records-request", request.actor, epoch_ms(request.now)),
        "scope": row.scopes.exclude(state__in=("refused", "replaced")).first(),
        "pauses": row.pauses.all(),
        "people": row.assignments.filter(until__isnull=True).select_related("person"),
        "events": _history(row),
        "entries": reverse("entries") if may(request, "entries.see") else "",
    }
    return render(request, "records/request.html", shown)


def _actions(request: CityRequest, row: Request) -> list[Action]:
    if not may(request, "records.export"):
        return []
    return [Action("Export the case file", reverse("records-case-file", args=[row.number]), False)]


def _history(row: Request) -> list[dict[str, Any]]:
    """Lines of the timeline, newest first."""
    entries = list(Entry.objects.filter(object=object_of(row)).order_by("-id")[:ENTRIES])
    names = dict(Person.objects.filter(uid__in={e.person for e in entries}).values_list("uid", "display"))
    return [
        {"at": from_ms(e.at), "by": names.get(e.person, e.person), "role": "", "words": ACTS.get(e.act, e.act), "reason": ""}
        for e in entries
    ]
