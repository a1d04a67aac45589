"""CityRequest: an HTTP request with actor, time and id, and the guard's checks for views."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol, cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django_htmx.middleware import HtmxDetails

from civicmail.city.directory.models import Person
from civicmail.city.guard import guard
from civicmail.city.guard.access_status import MailFacts
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.models import Account, Mandate
from civicmail.city.guard.permissions import PERMISSIONS
from civicmail.city.guard.queries import four_eyes
from civicmail.city.guard.resources import CITY, Resource


class CityRequest(HttpRequest):
    """What the middleware has put on each request. now: one time for the whole request; id: what logs and error pages name; bare:
    no session is looked at, and nothing of the page asks the database; facts: how whoever is signed in stands; under: of a page
    that shows mail, the mandate, for its head."""

    actor: Actor
    facts: MailFacts
    now: datetime
    id: str
    bare: bool
    under: Mandate
    htmx: HtmxDetails


class View(Protocol):
    def __call__(self, request: Any, /, *args: Any, **kwargs: Any) -> HttpResponseBase: ...


def acting(act: str) -> Callable[[View], View]:
    """Marks a view with the act that it is; the gate of acknowledgement and the sweep read it. The view itself asks `require`,
    because only it knows about whom. Raises KeyError for an act that the table does not have."""
    if act not in PERMISSIONS:
        raise KeyError(act)

    def mark(view: View) -> View:
        view.act = act  # type: ignore[attr-defined]  # read by the sweep
        return view

    return mark


def require(request: CityRequest, act: str, resource: Resource = CITY) -> None:
    """Raise NotPermitted, which becomes the 403 page with the sentence, unless the person may, and is a second person where the act
    takes two."""
    four_eyes.require(request.actor, act, resource, now=epoch_ms(request.now))


def may(request: CityRequest, act: str, resource: Resource = CITY) -> guard.AccessDecision:
    """Whether to show the button of an act on this very thing. Rows of a list ask guard.may, which compares numbers alone."""
    return four_eyes.may(request.actor, act, resource, now=epoch_ms(request.now))


def could(request: CityRequest, act: str, resource: Resource = CITY) -> guard.AccessDecision:
    """Whether to show a link or a form at all, before it is known to what the act will be done."""
    return guard.could(request.actor, act, resource, now=epoch_ms(request.now))


def require_could(request: CityRequest, act: str, resource: Resource = CITY) -> None:
    """Raise NotPermitted, which becomes the 403 page with the sentence, unless the person could do this to something."""
    guard.require_could(request.actor, act, resource, now=epoch_ms(request.now))


def hidden_unless(request: CityRequest, act: str, resource: Resource) -> None:
    """404 for a thing of which this person may not even know that it is there."""
    if not may(request, act, resource):
        raise Http404


def absolute(request: HttpRequest, path: str) -> str:
    """A page's address for somebody elsewhere: at `web.url` where it is set, else at the name by which this request came."""
    pages: str = settings.CITY.web.url
    return f"{pages}{path}" if pages else request.build_absolute_uri(path)


def me(request: CityRequest) -> Person:
    """The signed-in person."""
    return cast(Account, request.user).person
