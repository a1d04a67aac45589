"""Release a held message of one's own ("/mail/ID/release/"): immediately by the mailbox's reader, if it is spam or waits for their
confirmation; else by a request with a reason."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy

from civicmail.city.pages import act_pages
from civicmail.city.pages.act import FormPage
from civicmail.city.pages.city_request import CityRequest, acting, me
from civicmail.city.pages.page import Page
from civicmail.city.pages.wording import translate
from civicmail.desk.holding import queries, release_states
from civicmail.desk.holding.acts.own_releases import RELEASE_MAIL, WITHDRAW_RELEASE
from civicmail.desk.holding.models import Approval, Release
from civicmail.desk.holding.own_copies import HeldByOwner
from civicmail.desk.mailbox.views.mark_mail import next_url
from civicmail.desk.mailbox.views.opened_message import crumbs

DECIDED_BY = {
    "other": gettext_lazy("A security officer decides, and you hear the answer with its reason."),
    "confidential": gettext_lazy("A privacy officer decides, and you hear the answer with its reason."),
    "malware": gettext_lazy("Two security officers have to agree, and you hear the answer with its reason."),
}
"""Kind -> who is asked."""


@acting("my.mail")
def release(request: CityRequest, id: uuid.UUID) -> HttpResponse:
    """Show the confirmation first, because the content may be dangerous; the checks run once more and may refuse."""
    delivery = reverse("mail-delivery", args=[id])
    if request.method == "POST" and (number := request.POST.get("withdraw", "")).isdecimal():
        row = act_pages.permitted_row(WITHDRAW_RELEASE, request, int(number))
        return act_pages.respond_to_button(request, WITHDRAW_RELEASE, row, next_url(request, delivery))
    held = act_pages.permitted_row(RELEASE_MAIL, request, id)
    if held.own:
        return _release_own(request, held, delivery)
    request_row = Release.objects.filter(capture=str(id), requester=me(request), state__in=release_states.OPEN).first()
    if request_row is not None:
        page = Page(
            gettext("Release requested"),
            gettext("Release"),
            _crumbs(delivery),
            release_states.WORDS[request_row.state],
            [(gettext("Asked"), request_row.made)],
        )
        return render(
            request, "holding/asked.html", {"page": page, "row": request_row, "back": delivery, "who": DECIDED_BY[request_row.kind]}
        )
    if not held.others:
        messages.info(request, gettext("No copy of yours is held any more."))
        return redirect(delivery)
    if held.kind == "elsewhere" and Approval.objects.filter(capture=str(id), person=me(request)).exists():
        return redirect("approval-of", capture=id)
    if held.kind == "elsewhere":
        messages.info(request, gettext("Your department's manager, or security, decides about it; you hear the answer."))
        return redirect(delivery)
    return act_pages.answer(request, RELEASE_MAIL, held, _request_page(held, delivery))


def _release_own(request: CityRequest, held: HeldByOwner, delivery: str) -> HttpResponse:
    if request.method == "POST":
        return act_pages.respond_to_button(request, RELEASE_MAIL, held, delivery)
    words = gettext("Did you ask for it?") if held.is_expected else gettext("Is this no spam?")
    page = Page(words, gettext("Release"), _crumbs(delivery))
    return render(request, "holding/own.html", {"page": page, "back": delivery, "asked": held.is_expected})


def _request_page(held: HeldByOwner, delivery: str) -> FormPage:
    names = tuple(dict.fromkeys(rule for copy in held.others for rule in copy.rules))
    rules = [rule for _, rule in queries.named_rules(names) if rule is not None]
    words = dict.fromkeys((rule.sender or rule.reader) if held.is_author else (rule.reader or rule.sender) for rule in rules)
    return FormPage(
        title=gettext("Request release?"),
        section=gettext("Release"),
        crumbs=_crumbs(delivery),
        submit=gettext("Request release"),
        back=delivery,
        template="holding/ask.html",
        context={"who": DECIDED_BY[held.kind], "words": [translate(text) for text in words if text]},
    )


def _crumbs(delivery: str) -> list[tuple[str, str]]:
    return [*crumbs(), (gettext("Delivery"), delivery)]
