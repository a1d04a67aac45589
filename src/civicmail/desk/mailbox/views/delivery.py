"""Did each person get it? The sender sees every copy, whoever got one sees only their own (promise 4)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from civicmail.city.access.moments import moment
from civicmail.city.access.views.asked import Asked as Request
from civicmail.city.access.views.asked import acting
from civicmail.city.access.views.page import Page
from civicmail.desk.mailbox.views import words
from civicmail.desk.mailbox.views.one import Found, crumbs, found
from civicmail.mail.archive.envelopes import Passage


@dataclass(frozen=True, slots=True)
class Copy:
    """One recipient's copy in words. reply: what the last server answered, for the sender alone; again: when it is tried next;
    release: where its reader says that it is no spam, empty where that is not asked."""

    address: str
    role: str
    word: Any
    since: datetime
    why: str = ""
    reply: str = ""
    again: datetime | None = None
    release: str = ""


@acting("my.mail")
def delivery(request: Request, id: uuid.UUID) -> HttpResponse:
    """An imported message was delivered elsewhere, and says nothing of it."""
    one = found(request, id)
    copies = [_whole(p) if one.eye == "author" else _own(p, one.mine.addresses, one.id) for p in known_to(one)]
    subject = gettext("Delivery")
    back = [*crumbs(), (gettext("Message"), reverse("mail-message", args=[one.id]))]
    shown = {"one": one, "copies": copies, "at": one.capture.received, "brought": one.traced.source in ("import", "journal")}
    return render(request, "mailbox/delivery.html", {"page": Page(gettext("Did each person get it?"), subject, back), **shown})


def known_to(one: Found) -> list[Passage]:
    """The copies that this person may know of."""
    if one.eye == "author":
        return list(one.traced.passages)
    mine = one.mine.addresses
    return [p for p in one.traced.passages if p.address.lower() in mine or p.box.lower() in mine]


def _whole(p: Passage) -> Copy:
    role, word = words.copy(p.state, p.do)
    again = moment(p.next) if p.next else None
    why = words.why(p.rules) or words.means(p.state, p.do)
    return Copy(words.marked(p.address), role, word, moment(p.since), why, p.reply, again)


def _own(p: Passage, mine: Collection[str], id_: str) -> Copy:
    """Under an address of mine. One that was released to somebody else did not come to me, and to whom is not mine to know."""
    elsewhere = bool(p.box) and p.box.lower() not in mine
    role, word = words.copy("cancelled" if elsewhere else p.state, p.do)
    address = p.address if p.address.lower() in mine else p.box
    release = reverse("mail-release", args=[id_]) if (p.state, p.do, elsewhere) == ("held", "quarantine", False) else ""
    return Copy(words.marked(address), role, word, moment(p.since), words.why(p.rules), release=release)
