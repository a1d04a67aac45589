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

from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.errors import Conflict
from civicmail.city.access.forms import text_field
from civicmail.city.access.views import act_pages
from civicmail.city.access.views.city_request import CityRequest, acting, me
from civicmail.city.access.views.form_verb import run_verb, status_of
from civicmail.city.access.views.page import Page
from civicmail.city.access.views.wording import translate
from civicmail.desk.holding import queries, release_kinds, release_states
from civicmail.desk.holding.actions import release_copies, release_requests
from civicmail.desk.holding.acts.own_releases import WITHDRAW_RELEASE
from civicmail.desk.holding.held_copies import HeldCopy
from civicmail.desk.holding.models import Approval, Release
from civicmail.desk.mailbox.views.opened_message import OpenedMessage, crumbs, open_message

DECIDED_BY = {
    "other": gettext_lazy("A security officer decides, and you hear the answer with its reason."),
    "confidential": gettext_lazy("A privacy officer decides, and you hear the answer with its reason."),
    "malware": gettext_lazy("Two security officers have to agree, and you hear the answer with its reason."),
}
"""Kind -> who is asked."""


class ReasonForm(forms.Form):
    """Why somebody wants it."""

    reason = text_field(
        gettext_lazy("Why should it be let go?"),
        gettext_lazy("At least 10 characters. Say from whom you expect it and what for; officers do not read the message."),
        min_length=10,
    )


@dataclass(frozen=True, slots=True)
class HeldByOwner:
    """The copies of a message that somebody may have let go. own: by themselves; others: by asking, all of them of this kind."""

    own: list[HeldCopy]
    others: list[HeldCopy]
    kind: release_kinds.Kind


@acting("my.mail")
def release(request: CityRequest, id: uuid.UUID) -> HttpResponse:
    """Asked first, because of what may be in it; the checks are made once more and may say no."""
    message = open_message(request, id)
    delivery = reverse("mail-delivery", args=[message.id])
    if request.method == "POST" and (number := request.POST.get("withdraw", "")).isdecimal():
        row = act_pages.permitted_row(WITHDRAW_RELEASE, request, int(number))
        return act_pages.respond_to_button(request, WITHDRAW_RELEASE, row, delivery)
    held = held_for(message, epoch_ms(request.now))
    if held.own:
        return _release_own(request, message, held.own, delivery)
    request_row = Release.objects.filter(capture=message.id, requester=me(request), state__in=release_states.OPEN).first()
    if request_row is not None:
        page = Page(
            gettext("You have asked for it"),
            gettext("Let go"),
            _crumbs(delivery),
            _state_words(request_row),
            [(gettext("Asked"), request_row.made)],
        )
        return render(
            request, "holding/asked.html", {"page": page, "row": request_row, "back": delivery, "who": DECIDED_BY[request_row.kind]}
        )
    if not held.others:
        messages.info(request, gettext("No copy of yours is kept back any more."))
        return redirect(delivery)
    if held.kind == "elsewhere" and Approval.objects.filter(capture=message.id, person=me(request)).exists():
        return redirect("approval-of", capture=message.id)
    if held.kind == "elsewhere":
        messages.info(request, gettext("Your department's manager, or security, decides about it; you hear the answer."))
        return redirect(delivery)
    return _request(request, message, held, delivery)


def _release_own(request: CityRequest, message: OpenedMessage, copies: list[HeldCopy], delivery: str) -> HttpResponse:
    is_expected = any(release_kinds.kind_of(copy.rules, queries.rule_set()) == "asked" for copy in copies)
    if request.method == "POST":
        try:
            released = [release_copies.release_own(copy, actor=request.actor, now=epoch_ms(request.now)) for copy in copies]
        except Conflict as error:  # somebody was faster
            messages.info(request, translate(error.args[0]))
            return redirect(delivery)
        if any(d.released for d in released):
            messages.success(request, gettext("It is on its way to your mailbox, and the filter has learnt from it."))
        else:
            messages.warning(request, gettext("It stays: the checks have found something else in it. You can ask for it."))
        return redirect(delivery)
    words = gettext("Did you ask for it?") if is_expected else gettext("Is this no spam?")
    page = Page(words, gettext("Let go"), _crumbs(delivery))
    return render(request, "holding/own.html", {"page": page, "back": delivery, "asked": is_expected})


def _request(request: CityRequest, message: OpenedMessage, held: HeldByOwner, delivery: str) -> HttpResponse:
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        why, sender = form.cleaned_data["reason"], message.eye == "author"
        now = epoch_ms(request.now)
        if (
            run_verb(
                form, lambda: release_requests.request_release(held.others, sender=sender, actor=request.actor, reason=why, now=now)
            )
            is not None
        ):
            messages.success(request, gettext("It was asked. You hear the answer by mail, and see it here."))
            return redirect(delivery)
    page = Page(gettext("Ask that it is let go?"), gettext("Let go"), _crumbs(delivery))
    rules = [
        rule for _, rule in queries.named_rules(tuple(dict.fromkeys(r for c in held.others for r in c.rules))) if rule is not None
    ]
    words = dict.fromkeys(
        (rule.sender or rule.reader) if message.eye == "author" else (rule.reader or rule.sender) for rule in rules
    )
    shown = {
        "page": page,
        "form": form,
        "back": delivery,
        "who": DECIDED_BY[held.kind],
        "words": [translate(text) for text in words if text],
    }
    return render(request, "holding/ask.html", shown, status=status_of(form))


def held_for(message: OpenedMessage, now: int) -> HeldByOwner:
    """A sender has the copies of everybody let go, a reader their own."""
    mine, book = frozenset(message.mine.addresses), queries.rule_set()
    held = [c for c in queries.copies(now) if c.id == message.capture.id and (message.eye == "author" or c.box.lower() in mine)]
    own_copies = [c for c in held if c.box.lower() in mine and release_copies.recipient_decides(c)]
    other_copies = [c for c in held if c not in own_copies and release_kinds.kind_of(c.rules, book) not in release_kinds.OWN_KINDS]
    return HeldByOwner(
        own_copies, other_copies, release_kinds.strictest([release_kinds.kind_of(c.rules, book) for c in other_copies])
    )


def _state_words(row: Release) -> tuple[str, str]:
    role, word = release_states.WORDS[row.state]
    return role, gettext(word)


def _crumbs(delivery: str) -> list[tuple[str, str]]:
    return [*crumbs(), (gettext("Delivery"), delivery)]
