"""Can it be let go? Of a message of mine that is kept back ("/mail/ID/release/"): at once by whoever reads the mailbox, where it is
spam or waits for their word; else somebody is asked, with a reason.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy

from civicmail.city.access.errors import Conflict
from civicmail.city.access.forms import long
from civicmail.city.access.moments import ms
from civicmail.city.access.views.asked import Asked, acting, me
from civicmail.city.access.views.page import Page
from civicmail.city.access.views.saying import said
from civicmail.city.access.views.trying import status_of, tried
from civicmail.desk.holding import kinds, queries, releasestates
from civicmail.desk.holding.actions import letting, releases
from civicmail.desk.holding.keptback import Copy
from civicmail.desk.holding.models import Approval, Release
from civicmail.desk.mailbox.views.one import Found, crumbs, found

WHO = {
    "other": gettext_lazy("A security officer decides, and you hear the answer with its reason."),
    "confidential": gettext_lazy("A privacy officer decides, and you hear the answer with its reason."),
    "malware": gettext_lazy("Two security officers have to agree, and you hear the answer with its reason."),
}
"""Kind -> who is asked."""


class Reason(forms.Form):
    """Why somebody wants it."""

    reason = long(
        gettext_lazy("Why should it be let go?"),
        gettext_lazy("At least 10 characters. Say from whom you expect it and what for; officers do not read the message."),
        least=10,
    )


@dataclass(frozen=True, slots=True)
class Kept:
    """The copies of a message that somebody may have let go. own: by themselves; others: by asking, all of them of this kind."""

    own: list[Copy]
    others: list[Copy]
    kind: kinds.Kind


@acting("my.mail")
def release(request: Asked, id: uuid.UUID) -> HttpResponse:
    """Asked first, because of what may be in it; the checks are made once more and may say no."""
    one = found(request, id)
    delivery = reverse("mail-delivery", args=[one.id])
    if request.method == "POST" and (number := request.POST.get("withdraw", "")).isdecimal():
        return _withdraw(request, int(number), delivery)
    kept = kept_of(one, ms(request.now))
    if kept.own:
        return _own(request, one, kept.own, delivery)
    asked = Release.objects.filter(capture=one.id, requester=me(request), state__in=releasestates.OPEN).first()
    if asked is not None:
        page = Page(
            gettext("You have asked for it"), gettext("Let go"), _up(delivery), _word(asked), [(gettext("Asked"), asked.made)]
        )
        return render(request, "holding/asked.html", {"page": page, "row": asked, "back": delivery, "who": WHO[asked.kind]})
    if not kept.others:
        messages.info(request, gettext("No copy of yours is kept back any more."))
        return redirect(delivery)
    if kept.kind == "elsewhere" and Approval.objects.filter(capture=one.id, person=me(request)).exists():
        return redirect("approval-of", capture=one.id)
    if kept.kind == "elsewhere":
        messages.info(request, gettext("Your department's manager, or security, decides about it; you hear the answer."))
        return redirect(delivery)
    return _ask(request, one, kept, delivery)


def _own(request: Asked, one: Found, copies: list[Copy], delivery: str) -> HttpResponse:
    asked = any(kinds.kind_of(copy.rules, queries.book()) == "asked" for copy in copies)
    if request.method == "POST":
        try:
            done = [letting.release_own(copy, actor=request.actor, now=ms(request.now)) for copy in copies]
        except Conflict as error:  # somebody was faster
            messages.info(request, said(error.args[0]))
            return redirect(delivery)
        if any(d.let for d in done):
            messages.success(request, gettext("It is on its way to your mailbox, and the filter has learnt from it."))
        else:
            messages.warning(request, gettext("It stays: the checks have found something else in it. You can ask for it."))
        return redirect(delivery)
    words = gettext("Did you ask for it?") if asked else gettext("Is this no spam?")
    page = Page(words, gettext("Let go"), _up(delivery))
    return render(request, "holding/own.html", {"page": page, "back": delivery, "asked": asked})


def _ask(request: Asked, one: Found, kept: Kept, delivery: str) -> HttpResponse:
    form = Reason(request.POST or None)
    if request.method == "POST" and form.is_valid():
        why, sender = form.cleaned_data["reason"], one.eye == "author"
        now = ms(request.now)
        if tried(form, lambda: releases.ask(kept.others, sender=sender, actor=request.actor, reason=why, now=now)) is not None:
            messages.success(request, gettext("It was asked. You hear the answer by mail, and see it here."))
            return redirect(delivery)
    page = Page(gettext("Ask that it is let go?"), gettext("Let go"), _up(delivery))
    rules = [rule for _, rule in queries.rules(tuple(dict.fromkeys(r for c in kept.others for r in c.rules))) if rule is not None]
    words = dict.fromkeys((rule.sender or rule.reader) if one.eye == "author" else (rule.reader or rule.sender) for rule in rules)
    shown = {"page": page, "form": form, "back": delivery, "who": WHO[kept.kind], "words": [said(text) for text in words if text]}
    return render(request, "holding/ask.html", shown, status=status_of(form))


def _withdraw(request: Asked, number: int, delivery: str) -> HttpResponse:
    row = Release.objects.filter(pk=number, requester=me(request)).first()
    try:
        if row is not None:
            releases.withdraw(row, actor=request.actor, now=ms(request.now))
            messages.success(request, gettext("You do not ask for it any more."))
    except Conflict as error:
        messages.info(request, said(error.args[0]))
    return redirect(delivery)


def kept_of(one: Found, now: int) -> Kept:
    """A sender has the copies of everybody let go, a reader their own."""
    mine, book = frozenset(one.mine.addresses), queries.book()
    every = [c for c in queries.copies(now) if c.id == one.capture.id and (one.eye == "author" or c.box.lower() in mine)]
    own = [c for c in every if c.box.lower() in mine and letting.is_own(c)]
    others = [c for c in every if c not in own and kinds.kind_of(c.rules, book) not in kinds.OWN]
    return Kept(own, others, kinds.strictest([kinds.kind_of(c.rules, book) for c in others]))


def _word(row: Release) -> tuple[str, str]:
    role, word = releasestates.WORDS[row.state]
    return role, gettext(word)


def _up(delivery: str) -> list[tuple[str, str]]:
    return [*crumbs(), (gettext("Delivery"), delivery)]
