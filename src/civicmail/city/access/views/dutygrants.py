"""Granting and ending duties, and releasing held-up sign-ins: the access office's, each on a page with a reason (P-16, AC-7)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from civicmail.city.access.actions import duties, signin
from civicmail.city.access.forms import Because, Grant, end_of
from civicmail.city.access.models import Account, DutyGrant
from civicmail.city.access.moments import ms
from civicmail.city.access.queries.actors import about_person
from civicmail.city.access.views import saying
from civicmail.city.access.views.asked import Asked, acting, require, require_could
from civicmail.city.access.views.confirming import FORM, answered
from civicmail.city.access.views.page import Page
from civicmail.city.directory.models import Department


@acting("duty.grant")
def grant(request: Asked) -> HttpResponse:
    """A duty for somebody else, with an end."""
    require_could(request, "duty.grant")
    departments = list(Department.objects.filter(closed__isnull=True).order_by("name").values_list("code", "name"))
    form = Grant(departments, request.POST or None)
    back = reverse("duty-grants")
    return answered(
        request, form, lambda: _grant(request, form), page=Page("Grant a duty", "Access office", [("Duties", back)]), back=back,
        said=lambda made: f"{made.person} holds the duty {saying.duty(made.duty).lower()}.",
        to=lambda made: f"{back}?q={made.person.display}", template=FORM, submit="Grant 1 duty",
    )  # fmt: skip


def _grant(request: Asked, form: Grant) -> DutyGrant:
    c = form.cleaned_data
    department = Department.objects.get(code=c["department"]) if c["department"] else None
    until = min(end_of(c["until"]), ms(request.now) + 365 * 86_400_000)
    return duties.grant(
        c["person"], c["duty"], until=until, actor=request.actor, reason=c["reason"], now=ms(request.now), department=department
    )


@acting("duty.end")
def end(request: Asked, pk: int) -> HttpResponse:
    """A duty ends before its time."""
    held = get_object_or_404(DutyGrant.objects.select_related("person", "department"), pk=pk)
    require(request, "duty.end", about_person(held.person))
    form = Because(request.POST or None)
    name = saying.duty(held.duty).lower()
    back = reverse("duty-grants")
    return answered(
        request, form, lambda: duties.end(held, actor=request.actor, reason=form.cleaned_data["reason"], now=ms(request.now)),
        page=Page(f"End the duty {name} of {held.person}?", "Access office", [("Duties", back)]), back=back,
        effects=[f"{held.person} can do nothing more as {name}, from the next click on.", "What was taken up is laid down."],
        verb="End 1 duty", stop=True, said=f"The duty of {held.person} has ended.",
    )  # fmt: skip


@acting("account.unlock")
def unlock(request: Asked, pk: int) -> HttpResponse:
    """A sign-in that is held up is released; what it opens with stays as it is."""
    account = get_object_or_404(Account.objects.select_related("person"), pk=pk)
    require(request, "account.unlock", about_person(account.person))
    form = Because(request.POST or None)
    who, back = account.person, reverse("unlocks")
    return answered(
        request, form, lambda: signin.unlock(account, actor=request.actor, reason=form.cleaned_data["reason"], now=ms(request.now)),
        page=Page(f"Release the sign-in of {who}?", "Access office", [("Throttled sign-ins", back)]), back=back,
        effects=[
            f"{who} can try a password again, from anywhere; so can whoever typed the wrong ones.",
            "Passwords and passkeys stay.",
        ],
        verb="Release 1 sign-in", said=f"{who} can sign in again.",
    )  # fmt: skip
