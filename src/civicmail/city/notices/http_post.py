"""One POST over HTTP to an address of the settings: https, or http on this machine. Redirects are not followed."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from civicmail.core.config.deadline import within
from civicmail.core.config.errors import ConfigError
from civicmail.core.wire.hosts import is_this_machine

TIMEOUT = 10.0
"""Seconds for connecting, and for each part of an answer that is waited for; all together take three times that."""
MAX_ANSWER_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side answered. status: of HTTP, 0 where there was no answer; body: at most 64 KiB; problem: why there was no
    answer, in words."""

    status: int
    body: bytes = b""
    problem: str = ""


def require_address(url: str) -> None:
    """Raise ConfigError unless it is https://, or http:// to this machine."""
    parts = urlsplit(url)
    private = parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(parts.hostname or ""))
    if not parts.hostname or parts.username or not private:
        raise ConfigError(f"{url!r} must begin with https://, or with http:// and be on this machine, and name nobody.")


def post(url: str, body: bytes, headers: Mapping[str, str], *, timeout: float = TIMEOUT, ca: str = "") -> Answer:
    """Post once; never raises for what the other side does. ca: a PEM file of authorities instead of the system's. Blocks for three
    times `timeout` (s) at most. Raises OSError for a CA file that cannot be read."""
    to = urlsplit(url)
    wire: http.client.HTTPConnection
    if to.scheme == "https":
        context = ssl.create_default_context(cafile=ca or None)
        wire = http.client.HTTPSConnection(to.hostname or "", to.port or 443, timeout=timeout, context=context)
    else:
        wire = http.client.HTTPConnection(to.hostname or "", to.port or 80, timeout=timeout)
    try:
        with within(wire, 3 * timeout):
            wire.request("POST", f"{to.path or '/'}{'?' + to.query if to.query else ''}", body, dict(headers))
            answer = wire.getresponse()
            return Answer(answer.status, answer.read(MAX_ANSWER_BYTES))
    except (OSError, http.client.HTTPException) as error:
        return Answer(0, problem=f"no answer: {_plain(error)}")
    finally:
        wire.close()


def _plain(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it took too long"
    return error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
