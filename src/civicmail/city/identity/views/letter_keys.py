"""The setting for keyboard shortcuts of single letters; pages with shortcuts show it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity.actions import preferences
from civicmail.city.pages.city_request import CityRequest, acting


@acting("home")
@require_POST
def switch(request: CityRequest) -> HttpResponse:
    """On or off, and back to where the person was."""
    on = request.POST.get("keys") == "on"
    preferences.set_preferences({"letter_keys": on}, actor=request.actor, now=epoch_ms(request.now))
    messages.success(
        request, gettext("Letter keys are on, on every page that has some.") if on else gettext("Letter keys are off.")
    )
    back = request.POST.get("next", "")
    return redirect(back if back.startswith("/") and url_has_allowed_host_and_scheme(back, None) else "home")
