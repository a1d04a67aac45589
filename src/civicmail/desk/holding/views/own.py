"""This is no spam: whoever may read a mailbox lets go what was put in quarantine there ("/mail/ID/release/")."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext

from civicmail.city.access.moments import ms
from civicmail.city.access.views.asked import Asked, acting
from civicmail.city.access.views.page import Page
from civicmail.desk.holding import queries
from civicmail.desk.holding.actions import letting
from civicmail.desk.mailbox.views.one import crumbs, found


@acting("my.mail")
def release(request: Asked, id: uuid.UUID) -> HttpResponse:
    """Asked first, because of what may be in it; the checks are made once more and may say no."""
    one, now = found(request, id), ms(request.now)
    delivery = reverse("mail-delivery", args=[one.id])
    mine = frozenset(one.mine.addresses)
    copies = [c for c in queries.copies(now) if c.id == one.capture.id and c.do == "quarantine" and c.box.lower() in mine]
    if not copies:
        messages.info(request, gettext("No copy of yours is in quarantine any more."))
        return redirect(delivery)
    if request.method == "POST":
        done = [letting.release_own(copy, mine, actor=request.actor, now=now) for copy in copies]
        if any(d.let for d in done):
            messages.success(request, gettext("It is on its way to your mailbox, and the filter has learnt from it."))
        else:
            messages.warning(
                request, gettext("It stays in quarantine: something else than the spam filter keeps it. Ask the help desk (P-31).")
            )
        return redirect(delivery)
    page = Page(gettext("Is this no spam?"), gettext("Release"), [*crumbs(), (gettext("Delivery"), delivery)])
    return render(request, "holding/own.html", {"page": page, "back": delivery})
