"""The page Set up mail: server settings and files for mail programs."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from civicmail.city.directory.models import Person
from civicmail.city.guard.resources import OfPerson
from civicmail.city.pages import qr
from civicmail.city.pages.city_request import CityRequest, absolute, acting, me, require
from civicmail.city.pages.page import Action, Page
from civicmail.core.config import services
from civicmail.front.web.programs import apple
from civicmail.front.web.signin.request_actor import account


@acting("my.devices")
@never_cache
def set_up(request: CityRequest) -> HttpResponse:
    """The steps in order, and the server settings."""
    servers = _known(request)
    address = _address(me(request))
    shown = {
        "page": Page(
            gettext("Set up mail"),
            gettext("Set up mail"),
            actions=[Action(gettext("Open this page on a phone"), reverse("set-up-phone"))] if servers else [],
        ),
        "services": servers,
        "address": address,
        "login": account(request).username,
        "book": f"{settings.CITY.web.pages}/dav/",
        "has_profile": bool(address and servers.imap and servers.submission),
    }
    return render(request, "programs/set_up.html", shown)


@acting("my.devices")
@never_cache
def phone(request: CityRequest) -> HttpResponse:
    """The address of the set-up page as a picture, for the camera of a phone. Nothing secret is in it."""
    _known(request)
    where = absolute(request, reverse("set-up"))
    page = Page(gettext("Set up mail on a phone"), gettext("Set up mail"), [(gettext("Set up mail"), reverse("set-up"))])
    picture = qr.svg(where, gettext("The address below, as a picture for the camera of a phone"))
    return render(request, "programs/phone.html", {"page": page, "picture": picture, "where": where})


@acting("my.devices")
@never_cache
def profile(request: CityRequest) -> HttpResponse:
    """The Apple profile for the signed-in person; contains no password."""
    servers, who = _known(request), me(request)
    address = _address(who)
    if not address or servers.imap is None or servers.submission is None:
        raise Http404
    city = settings.CITY.city
    owner = apple.Owner(str(who), address, account(request).username)
    response = HttpResponse(apple.profile(servers, owner, city.name, city.domains[0]), content_type=apple.CONTENT_TYPE)
    response["Content-Disposition"] = 'attachment; filename="city-mail.mobileconfig"'
    return response


def _known(request: CityRequest) -> services.Services:
    require(request, "my.devices", OfPerson(me(request).uid))
    return services.from_settings(settings.CITY)


def _address(who: Person) -> str:
    """The address of the person's own mailbox, or empty."""
    box = who.mailboxes.filter(kind="personal", closed__isnull=True).order_by("made").first()
    return box.address if box is not None else ""
