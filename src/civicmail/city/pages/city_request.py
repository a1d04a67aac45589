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
    """A request with the values of the middleware. now: one time for the whole request; id: for logs and error pages; bare: no
    session is read, and the page makes no database query; facts: access status of the signed-in person; under: the examination, on
    a page that shows its mail, for the page's head."""

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
    """Mark a view with its act, for the acknowledgment gate and the sweep. The view itself calls `require`, because only it knows
    the resource. Raises KeyError for an unknown act."""
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
    """Whether to show the button of an act on this resource. Rows of a list call guard.may, which compares numbers only."""
    return four_eyes.may(request.actor, act, resource, now=epoch_ms(request.now))


def could(request: CityRequest, act: str, resource: Resource = CITY) -> guard.AccessDecision:
    """Whether to show a link or a form at all, before the resource is known."""
    return guard.could(request.actor, act, resource, now=epoch_ms(request.now))


def require_could(request: CityRequest, act: str, resource: Resource = CITY) -> None:
    """Raise NotPermitted, which becomes the 403 page with the sentence, unless the person could do this to something."""
    guard.require_could(request.actor, act, resource, now=epoch_ms(request.now))


def hidden_unless(request: CityRequest, act: str, resource: Resource) -> None:
    """Raise Http404 for an object whose existence this person may not know of."""
    if not may(request, act, resource):
        raise Http404


def or_404[T](value: T | None) -> T:
    """The value. Raises Http404 for None."""
    if value is None:
        raise Http404
    return value


def absolute(request: HttpRequest, path: str) -> str:
    """The absolute URL of a page: at `web.url` if it is set, else at the host name of this request."""
    pages: str = settings.CITY.web.url
    return f"{pages}{path}" if pages else request.build_absolute_uri(path)


def me(request: CityRequest) -> Person:
    """The signed-in person."""
    return cast(Account, request.user).person
