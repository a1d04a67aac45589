"""Client address and actor of a request."""

from __future__ import annotations

from typing import cast

from allauth.core.internal.httpkit import get_client_ip
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from civicmail.city.guard.actors import ANONYMOUS, Actor
from civicmail.city.guard.models import Account
from civicmail.city.identity.queries.actors import actor_of
from civicmail.core.config.clock import now_ms


def client(request: HttpRequest) -> str:
    """The client's address: of the connection, or as reported by `web.proxies` proxies."""
    return str(get_client_ip(request) or "")


def account(request: HttpRequest) -> Account:
    """The signed-in account. Raises PermissionDenied without one."""
    if not request.user.is_authenticated:
        raise PermissionDenied
    return request.user


def actor(request: HttpRequest) -> Actor:
    """The actor of a request, as set by the middleware if it ran."""
    if (known := getattr(request, "actor", None)) is not None:
        return cast(Actor, known)
    return actor_of(account(request), client(request), now_ms()) if request.user.is_authenticated else ANONYMOUS
