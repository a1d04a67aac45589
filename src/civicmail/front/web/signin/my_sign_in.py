"""The page My sign-in: passkeys, codes, password, open sessions (P-07)."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import OfPerson
from civicmail.city.identity.actions.account_notices import name_of
from civicmail.city.identity.queries import signin_letters
from civicmail.city.pages.city_request import CityRequest, acting, me, require
from civicmail.city.pages.page import Page
from civicmail.front.web.sessions import row_of
from civicmail.front.web.signin import recovery_codes, session_list
from civicmail.front.web.signin.request_actor import account


@acting("my.sessions")
@login_required
@never_cache
def index(request: CityRequest) -> HttpResponse:
    """The person's credentials and open sessions."""
    require(request, "my.sessions", OfPerson(me(request).uid))
    who = account(request)
    factors = list(Authenticator.objects.filter(user=who).order_by("created_at"))
    context: dict[str, object] = {
        "page": Page(gettext("My sign-in")),
        "sessions": session_list.living(who),
        "this": row_of(request.session.session_key),
        "passkeys": [f for f in factors if f.type == Authenticator.Type.WEBAUTHN],
        "app": next((f for f in factors if f.type == Authenticator.Type.TOTP), None),
        "codes_left": recovery_codes.left(next((f for f in factors if f.type == Authenticator.Type.RECOVERY_CODES), None)),
        "recoveries": [
            {"by": name_of(r.by), "second": name_of(r.handed_by), "made": r.made, "handed": r.handed, "used": r.used}
            for r in signin_letters.recoveries_of(who.person, epoch_ms(request.now))
        ],
        "login": who.username,
        "has_password": who.has_usable_password(),
    }
    return render(request, "signin/mine.html", context)


@acting("my.sessions")
@login_required
@require_POST
def end(request: CityRequest, pk: int) -> HttpResponse:
    """End one session of one's own, or with pk 0 all but this one."""
    require(request, "my.sessions", OfPerson(me(request).uid))
    this = row_of(request.session.session_key)
    session_list.end([s for s in session_list.living(account(request)) if s.pk == pk or (pk == 0 and s.session_key != this)])
    messages.success(request, gettext("The other sessions were ended.") if pk == 0 else gettext("The session was ended."))
    return HttpResponseRedirect(reverse("my-sessions"))
