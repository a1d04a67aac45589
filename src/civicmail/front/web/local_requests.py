"""Whether a request comes from this machine."""

from __future__ import annotations

from django.http import HttpRequest

from civicmail.core.wire.hosts import is_this_machine

_PASSED_ON = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")


def is_local(request: HttpRequest) -> bool:
    """Whether a request comes from this machine and was not forwarded by a proxy."""
    return is_this_machine(request.META.get("REMOTE_ADDR", "")) and not any(name in request.META for name in _PASSED_ON)
