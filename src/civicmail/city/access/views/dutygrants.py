"""Granting and ending duties, and releasing locked sign-ins: the access office's, each on a page with a reason (P-16, AC-7)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from civicmail.city.access.actions import duties, signin
from civicmail.city.access.duties import DUTIES
from civicmail.city.access.forms import Because, Grant, end_of
from civicmail.city.access.models import Account, DutyGrant
from civicmail.city.access.moments import ms
from civicmail.city.access.queries.actors import about_person
from civicmail.city.access.views.asked import Asked, acting, require
from civicmail.city.access.views.page import Page
from civicmail.city.access.views.trying import status_of, tried
from civicmail.city.directory.models import Department, Person


@acting("duty.grant")
def grant(request: Asked) -> HttpResponse:
    """A duty for somebody else, with an end."""
    require(request, "duty.grant")
    departments = list(Department.objects.filter(closed__isnull=True).order_by("name").values_list("code", "name"))
    form = Grant(departments, request.POST or None)
    if request.method == "POST" and form.is_valid():
        person = form.cleaned_data["person"]
        if made := tried(form, lambda: _grant(request, person, form)):
            messages.success(request, f"{person} holds the duty {DUTIES[form.cleaned_data['duty']].name.lower()}.")
            return redirect(f"{reverse('duty-grants')}?q={made.person.display}")
    page = Page("Grant a duty", "Access office", [("Duties", reverse("duty-grants"))])
    shown = {"page": page, "form": form, "submit": "Grant 1 duty", "back": reverse("duty-grants")}
    return render(request, "access/form.html", shown, status=status_of(form))


def _grant(request: Asked, person: Person, form: Grant) -> DutyGrant:
    c = form.cleaned_data
    department = Department.objects.get(code=c["department"]) if c["department"] else None
    until = min(end_of(c["until"]), ms(request.now) + 365 * 86_400_000)
    return duties.grant(
        person, c["duty"], until=until, actor=request.actor, reason=c["reason"], now=ms(request.now), department=department
    )


@acting("duty.end")
def end(request: Asked, pk: int) -> HttpResponse:
    """A duty ends before its time."""
    held = get_object_or_404(DutyGrant.objects.select_related("person", "department"), pk=pk)
    require(request, "duty.end", about_person(held.person))
    form = Because(request.POST or None)
    if request.method == "POST" and form.is_valid():

        def verb() -> bool:
            duties.end(held, actor=request.actor, reason=form.cleaned_data["reason"], now=ms(request.now))
            return True

        if tried(form, verb):
            messages.success(request, f"The duty of {held.person} has ended.")
            return redirect("duty-grants")
    name = DUTIES[held.duty].name.lower() if held.duty in DUTIES else held.duty
    page = Page(f"End the duty {name} of {held.person}?", "Access office", [("Duties", reverse("duty-grants"))])
    effects = [f"{held.person} can do nothing more as {name}, from the next click on.", "What was taken up is laid down."]
    shown = {"page": page, "form": form, "effects": effects, "verb": "End 1 duty", "back": reverse("duty-grants"), "stop": True}
    return render(request, "access/confirm.html", shown, status=status_of(form))


@acting("account.unlock")
def unlock(request: Asked, pk: int) -> HttpResponse:
    """A sign-in that wrong passwords locked is released; what it opens with stays as it is."""
    account = get_object_or_404(Account.objects.select_related("person"), pk=pk)
    require(request, "account.unlock", about_person(account.person))
    form = Because(request.POST or None)
    if request.method == "POST" and form.is_valid():

        def verb() -> bool:
            signin.unlock(account, actor=request.actor, reason=form.cleaned_data["reason"], now=ms(request.now))
            return True

        if tried(form, verb):
            messages.success(request, f"{account.person} can sign in again.")
            return redirect("unlocks")
    page = Page(f"Release the sign-in of {account.person}?", "Access office", [("Locked sign-ins", reverse("unlocks"))])
    effects = [f"{account.person} can try to sign in again, at the pages and with mail programs.", "Passwords and passkeys stay."]
    shown = {"page": page, "form": form, "effects": effects, "verb": "Release 1 sign-in", "back": reverse("unlocks")}
    return render(request, "access/confirm.html", shown, status=status_of(form))
