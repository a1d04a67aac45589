"""Mailboxes: whose is it, who uses it, which addresses reach it? Those of roles and machines begin and end here (M1, S1)."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from civicmail.city.directory.models import Mailbox
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import GrantOn, InDepartment, MailboxIn
from civicmail.city.identity.authorization_states import LIVING
from civicmail.city.identity.lists.mailboxes import state_words
from civicmail.city.identity.queries import history, mailbox_users
from civicmail.city.identity.queries.actors import about_mailbox
from civicmail.city.identity.views.rights import second_person, user_acts
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.page import Action, Page


def find_mailbox(request: CityRequest, address: str) -> Any:
    """The mailbox of an address, with how many use it; 404."""
    rows = mailbox_users.with_users(Mailbox.objects.select_related("department", "holder"), request.now)
    return get_object_or_404(rows, address=address.strip().lower())


@acting("mailbox.see")
def mailbox(request: CityRequest, address: str) -> HttpResponse:
    """Show one mailbox: its users, present and former addresses, and history. No content."""
    box = find_mailbox(request, address)
    about = about_mailbox(box)
    require(request, "mailbox.see", about)
    with_ = ("person", "department", "approver", "requester", "episode")
    users = list(box.authorizations.filter(state__in=LIVING).select_related(*with_).order_by("role", "person__family"))
    eyes = second_person(request, users)
    ended = box.authorizations.exclude(state__in=LIVING).select_related("person").order_by("-since")[:20]
    may_change = bool(may(request, "address.change", about)) and box.closed is None
    shown = {
        "page": _page(request, box, about),
        "box": box,
        "users": [(a, user_acts(request, a, eyes)) for a in users],
        "ended": ended,
        "addresses": box.addresses.order_by("-since"),
        "may_change": may_change,
        "events": history.timeline(f"mailbox:{box.address}", actor=request.actor, now=epoch_ms(request.now)),
    }
    return render(request, "identity/mailbox.html", shown)


def _page(request: CityRequest, box: Any, about: MailboxIn) -> Page:
    actions = []
    if box.closed is None:
        if box.kind != Mailbox.Type.SERVICE and may(request, "grant.ask", GrantOn(about.department, "", holder=about.person)):
            actions.append(Action("Ask for a person to use it", reverse("grant-ask", args=[box.address]), primary=True))
        if box.kind == Mailbox.Type.SERVICE and may(request, "machine.make", about):
            actions.append(Action("Machines", reverse("machines", args=[box.address]), primary=True))
            actions.append(Action("Give it more time…", reverse("mailbox-renew", args=[box.address])))
        if may(request, "address.change", about):
            actions.append(Action("Add an address", reverse("alias-add", args=[box.address])))
        if box.kind == Mailbox.Type.FUNCTION and may(request, "mailbox.invite", about):
            actions.append(Action("Invite files…", reverse("mailbox-files", args=[box.address])))
        if box.kind == Mailbox.Type.FUNCTION and may(request, "reply.set", about):
            actions.append(Action("Answer by itself…", reverse("mail-away-of", args=[box.pk])))
        if box.kind != Mailbox.Type.PERSONAL and may(request, "mailbox.close", about):
            actions.append(Action("Close…", reverse("mailbox-close", args=[box.address])))
    facts: list[tuple[str, Any]] = [("Kind", Mailbox.Type(box.kind).label), ("Owner", box.department)]
    facts.append(("Holder", box.holder) if box.holder else ("Name", box.name))
    if box.expires:
        facts.append(("Until", box.expires))
    if box.files_until and box.files_until > request.now:
        facts.append(("Invites files until", box.files_until))
    crumbs = [(f"{box.department}: mailboxes", reverse("dept-mailboxes", args=[box.department.code]))]
    if not may(request, "mailbox.see", InDepartment(box.department.code)):
        crumbs = [("My access", reverse("my-access"))]
    return Page(box.address, str(box.department), crumbs, state_words(box, epoch_ms(request.now)), facts, actions)
