"""The address book: for a draft as a page with check boxes, for scripts as a few names while typing."""

from __future__ import annotations

import uuid
from dataclasses import replace
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import OfPerson
from civicmail.city.pages import completion
from civicmail.city.pages.city_request import CityRequest as Request
from civicmail.city.pages.city_request import acting, require
from civicmail.city.pages.page import Page
from civicmail.desk.mailbox import queries, recipients
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
    """?q=words: those with whom the writer had mail, then the address book, as lines of an address field."""
    require(request, "my.write", OfPerson(request.actor.uid))
    words = completion.words_of(request.GET.get("q", ""))
    if not words:
        return completion.answer([], "")
    earlier = queries.correspondents(request.actor, words, now=epoch_ms(request.now))[:MAX_OFFERED]
    entries = {entry.address: entry for entry in addressbook.entries_of([named.address for named in earlier])}
    lines = {
        named.address.lower(): line_of(named, entries.get(named.address.lower()))
        for named in earlier
        if named.address.lower() in entries or not _is_ours(named.address)
    }
    fitting = addressbook.search(words)
    for entry in sorted(fitting, key=lambda entry: not _is_begun(entry, words)):
        lines.setdefault(entry.address, line_of(entry.named, entry))
    exact = addressbook.exact_matches(words)
    return completion.answer(list(lines.values())[:MAX_OFFERED], exact[0].line if len(exact) == 1 else "")


def line_of(named: NamedAddress, entry: Entry | None) -> tuple[str, str]:
    """A line of the field, and what it is."""
    if entry is None:
        return recipients.line([named]), gettext("Outside the city")
    kind = {"list": gettext("List"), "office": gettext("Office")}.get(entry.kind, entry.more)
    return entry.line, ", ".join(filter(None, (str(kind), entry.department)))


def _is_begun(entry: Entry, words: str) -> bool:
    """Whether the words begin a part of the name, and not only of a position or a department."""
    return all(any(part.startswith(word) for part in entry.line.casefold().split()) for word in words.casefold().split())


def _is_ours(address: str) -> bool:
    return address.rpartition("@")[2].lower() in settings.CITY.city.domains


def _kinds() -> list[tuple[str, str]]:
    return [("person", gettext("People")), ("office", gettext("Offices")), ("list", gettext("Lists"))]
