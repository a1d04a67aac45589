"""The address book: for a draft as a page with check boxes, for scripts as a few names while typing."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import OfPerson
from civicmail.city.pages.city_request import CityRequest as Request
from civicmail.city.pages.city_request import acting, require
from civicmail.city.pages.page import Page
from civicmail.desk.mailbox import recipients
from civicmail.desk.mailbox.actions import edit_drafts
from civicmail.desk.mailbox.actions.edit_drafts import DraftContent
from civicmail.desk.mailbox.compose import NamedAddress
from civicmail.desk.mailbox.models import Draft, addressbook
from civicmail.desk.mailbox.models.addressbook import MAX_ENTRIES, Entry
from civicmail.desk.mailbox.views.opened_message import crumbs
from civicmail.desk.mailbox.views.write_forms import FIELDS

MAX_OFFERED = 12
KINDS = ("person", "office", "list")
COLUMNS = ("to", "cc", "bcc")


@acting("my.write")
def people(request: Request, uid: uuid.UUID) -> HttpResponse:
    """?q=words&kind=: list matching people; a form adds the selected ones to the draft and returns to it."""
    require(request, "my.write", OfPerson(request.actor.uid))
    row = get_object_or_404(Draft, uid=uid, person__uid=request.actor.uid)
    back = reverse("mail-draft", args=[uid])
    if request.method == "POST":
        return _added(request, row, back)
    words, kind = request.GET.get("q", "")[:200], request.GET.get("kind", "")
    kind = kind if kind in KINDS else ""
    entries = addressbook.search(words, kind=kind)
    page = Page(gettext("Address book"), gettext("My mail"), [*crumbs(), (gettext("Draft"), back)])
    shown = {
        "page": page,
        "back": back,
        "words": words,
        "kind": kind,
        "entries": entries[:MAX_ENTRIES],
        "more": len(entries) > MAX_ENTRIES,
    }
    return render(request, "mailbox/people.html", {**shown, "kinds": _kinds(), "row": row})


def _added(request: Request, row: Draft, back: str) -> HttpResponse:
    """Selected addresses of the book, by column; other values of the form are ignored."""
    chosen = {name: request.POST.getlist(name)[:MAX_ENTRIES] for name in COLUMNS}
    known = addressbook.names_of([a for some in chosen.values() for a in some])
    written = DraftContent(**{name: getattr(row, name) for name in FIELDS})
    count = 0
    for name in COLUMNS:
        named = [NamedAddress(a, known[a]) for a in chosen[name] if a in known]
        count += len(named)
        written = replace(written, **{name: recipients.append(getattr(written, name), named)})
    edit_drafts.save(row.uid, written, version=row.version, actor=request.actor, now=epoch_ms(request.now))
    text = ngettext("{count} recipient was added.", "{count} recipients were added.", count).format(count=count)
    messages.success(request, text if count else gettext("No one was selected."))
    if request.POST.get("go") == "on":
        words = {"q": request.POST.get("q", "")[:200], "kind": request.POST.get("kind", "")[:10]}
        return redirect(f"{request.path}?{urlencode(words)}")
    return redirect(back)


@acting("my.write")
def offered(request: Request) -> HttpResponse:
    """?who=words: the lines of a list of names, for script."""
    require(request, "my.write", OfPerson(request.actor.uid))
    words = request.GET.get("who", "")[:200]
    entries: Sequence[Entry] = addressbook.search(words, limit=MAX_OFFERED)[:MAX_OFFERED] if len(words.strip()) > 1 else ()
    response = render(request, "mailbox/offered.html", {"entries": entries})
    response["Cache-Control"] = "private, no-store"
    return response


def _kinds() -> list[tuple[str, str]]:
    return [("person", gettext("People")), ("office", gettext("Offices")), ("list", gettext("Lists"))]
