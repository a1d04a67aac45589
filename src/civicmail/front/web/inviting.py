"""The link by which somebody sets a first passkey or password, or new ones after a loss: with a reason, shown once (P-07)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from civicmail.city.access.actions import invitations
from civicmail.city.access.forms import Because
from civicmail.city.access.moments import ms
from civicmail.city.access.queries.actors import about_person
from civicmail.city.access.views.asked import Asked, absolute, acting, require
from civicmail.city.access.views.page import Page
from civicmail.city.access.views.trying import status_of, tried
from civicmail.city.directory.models import Person
from civicmail.front.web.signin import stepup


@acting("account.invite")
@never_cache
def invite(request: Asked, uid: str) -> HttpResponse:
    """For somebody who has set nothing yet."""
    return _link(request, uid, "invite")


@acting("account.recover")
@stepup.required
@never_cache
def recover(request: Asked, uid: str) -> HttpResponse:
    """For somebody who lost everything; what was set before goes when the link is used."""
    return _link(request, uid, "recover")


def _link(request: Asked, uid: str, kind: str) -> HttpResponse:
    who = get_object_or_404(Person, uid=uid)
    about = about_person(who)
    require(request, f"account.{kind}", about)
    back = reverse("person", args=[about.department, who.uid]) if about.department else "/"
    form = Because(request.POST or None)
    if request.method == "POST" and form.is_valid():
        verb = invitations.invite if kind == "invite" else invitations.recover
        secret = tried(form, lambda: verb(who, actor=request.actor, reason=form.cleaned_data["reason"], now=ms(request.now)))
        if secret is not None:
            link = absolute(request, reverse("welcome-link", args=[secret]))
            page = Page("This is shown once", str(who), [(str(who), back)])
            return render(request, "invited.html", {"page": page, "who": who, "link": link, "back": back})
    effects = {
        "invite": [f"You get a link for {who}, by which a passkey or a password is set. It works once, for 72 hours."],
        "recover": [
            f"You get a link for {who}, by which new ones are set. It works once, for 72 hours.",
            "When it is used, every passkey, code and password from before and every open session goes.",
        ],
    }[kind]
    effects.append("Hand it over yourself, after you have seen or talked with the person: whoever has the link is the person.")
    question = f"Make a sign-in link for {who}?" if kind == "invite" else f"{who} has lost everything to sign in with?"
    page = Page(question, "Sign-in", [(str(who), back)])
    shown = {"page": page, "form": form, "effects": effects, "verb": "Make 1 link", "back": back, "stop": kind == "recover"}
    return render(request, "access/confirm.html", shown, status=status_of(form))
