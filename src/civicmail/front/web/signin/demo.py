"""Sign-in of the demo: one click, for a person at this machine.

Each request is checked to come from this machine. A demo has no secrets, so step-up is not asked for (step_up.is_fresh).
"""

from __future__ import annotations

from pathlib import Path

import orjson
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.contrib import auth
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache

from civicmail.city.guard.models import Account
from civicmail.city.identity.demo import FILE, OUTSIDE
from civicmail.front.web.local_requests import is_local


@never_cache
def roles(request: HttpRequest) -> HttpResponse:
    """Choose a person of the demo; a click signs in as them."""
    if not settings.DEMO or settings.DATA is None or not is_local(request):
        raise Http404
    cast = orjson.loads((settings.DATA / FILE).read_bytes())
    if request.method != "POST":
        return render(request, "demo.html", {"cast": cast, "outside": _outside(settings.DATA / OUTSIDE)})
    login = request.POST.get("login", "")
    if login not in {role["login"] for role in cast}:
        raise Http404
    account = get_object_or_404(Account, username=login)
    auth.logout(request)
    account.backend = settings.AUTHENTICATION_BACKENDS[0]  # what a sign-in without a proof has to say
    get_adapter(request).login(request, account)
    record_authentication(request, account, method="demo")
    return redirect("home")


def _outside(path: Path) -> list[dict[str, str]]:
    """Links to our pages that people outside were sent; none before the first of them is."""
    links: list[dict[str, str]] = orjson.loads(path.read_bytes()) if path.exists() else []
    return links
