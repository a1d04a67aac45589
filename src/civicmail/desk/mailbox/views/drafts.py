"""Drafts, and messages that wait to be sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from civicmail.city.guard.resources import OfPerson
from civicmail.city.pages.city_request import CityRequest as Request
from civicmail.city.pages.city_request import acting, require
from civicmail.city.pages.page import Action, Page
from civicmail.city.pages.states import label
from civicmail.desk.mailbox import send_states
from civicmail.desk.mailbox.models import Draft, Outgoing
from civicmail.desk.mailbox.recipients import parse_typed
from civicmail.desk.mailbox.views.list_steps import folders_of
from civicmail.desk.mailbox.views.opened_message import crumbs

NAMED = 4
"""Recipients of a draft that its row names; the others are counted."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the list. state: (role, word), empty for what is simply a draft."""

    url: str
    to: str
    subject: str
    changed: datetime
    files: int
    state: tuple[str, str] = ("", "")


@acting("my.write")
def drafts(request: Request) -> HttpResponse:
    """List drafts, newest first, with waiting messages above them."""
    require(request, "my.write", OfPerson(request.actor.uid))
    waiting = Outgoing.objects.filter(person__uid=request.actor.uid, state__in=send_states.OPEN).defer("content").order_by("due")
    given = {row.draft: row for row in waiting}
    rows = Draft.objects.filter(person__uid=request.actor.uid).annotate(count=Count("files")).order_by("-changed", "-pk")
    lines = [_line(row, given.get(row.uid)) for row in rows]
    lines.sort(key=lambda line: line.state[0] != "wait")
    actions = [
        Action(gettext("Write"), reverse("mail-write"), primary=True),
        Action(gettext("Signature"), reverse("mail-signature")),
    ]
    page = Page(gettext("Drafts"), gettext("Drafts"), crumbs(), actions=actions)
    folders = folders_of(request, current=reverse("mail-drafts"))
    return render(request, "mailbox/drafts.html", {"page": page, "lines": lines, "folders": folders})


def _line(row: Draft, out: Outgoing | None) -> Line:
    typed_names = parse_typed(", ".join(part for part in (row.to, row.cc, row.bcc) if part))
    everybody = [*(n.name or n.address for n in typed_names.named), *typed_names.names, *typed_names.wrong]
    to = ", ".join(everybody[:NAMED])
    if more := len(everybody) - NAMED if len(everybody) > NAMED else 0:
        to = f"{to} {ngettext('and {count} more', 'and {count} more', more).format(count=more)}"
    state: tuple[str, str] = ("", "")
    if out is not None:
        state = send_states.WORDS[out.state]
    elif row.why:
        state = label("failed")
    url = reverse("mail-outgoing", args=[out.uid]) if out is not None else reverse("mail-draft", args=[row.uid])
    return Line(url, to, row.subject or gettext("(no subject)"), row.changed, row.count, state)  # type: ignore[attr-defined]  # of the annotation
