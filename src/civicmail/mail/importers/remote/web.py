"""HTTPS requests to an API: verified certificate, no redirects, bounded responses, one persistent connection."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from civicmail.core.config.errors import ConfigError
from civicmail.core.wire.hosts import is_this_machine

TIMEOUT = 60.0
"""Seconds for connecting and for each piece of an answer; LONGEST: for the whole of it."""
MAX_SECONDS = 900.0
MAX_JSON = 32 << 20
_PIECE = 1 << 18


class BadAnswer(Exception):
    """The answer is not what the API promises: cut off, too long, or no JSON. The connection is closed."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    def json(self) -> dict[str, Any]:
        """Raises BadAnswer."""
        try:
            plain = orjson.loads(self.body)
        except ValueError:
            raise BadAnswer("the answer is no JSON") from None
        if not isinstance(plain, dict):
            raise BadAnswer("the answer is no JSON object")
        return plain


def require_secure(url: str, name: str) -> None:
    """Raise ConfigError unless it is https://, or http:// to this machine: it will carry a secret."""
    parts = urlsplit(url)
    private = parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(parts.hostname or ""))
    if not parts.hostname or parts.username or not private:
        raise ConfigError(f"{name} is {url!r}; it must begin with https:// (http:// only on this machine) and contain no user.")


class Web:
    """One server. url: https://host[:port]; ca: a PEM file of authorities, "" for the system's."""

    def __init__(self, url: str, ca: str = "") -> None:
        parts = urlsplit(url)
        self._host, self._tls = parts.hostname or "", parts.scheme == "https"
        self._port = parts.port or (443 if self._tls else 80)
        self._context = context_of(ca) if self._tls else None
        self._wire: http.client.HTTPConnection | None = None

    def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None, max_bytes: int = MAX_JSON
    ) -> Answer:
        """Send one request. Raises OSError without an answer, BadAnswer for an incomplete one or one of more than `max_bytes`."""
        for again in (True, False):
            fresh = self._wire is None
            wire = self._wire or self._connected()
            try:
                wire.request(method, path, body, dict(headers))
                answer = wire.getresponse()
                break
            except (http.client.HTTPException, OSError) as error:
                self.close()
                if fresh or not again:  # an idle connection may have been closed
                    raise _plain(error) from error
        try:
            content = _whole(answer, max_bytes)
        except (http.client.HTTPException, OSError) as error:
            self.close()
            raise _plain(error) from error
        except BadAnswer:
            self.close()
            raise
        finally:
            answer.close()
        if answer.will_close:
            self.close()
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, content)

    def _connected(self) -> http.client.HTTPConnection:
        if self._context is not None:
            self._wire = http.client.HTTPSConnection(self._host, self._port, timeout=TIMEOUT, context=self._context)
        else:
            self._wire = http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT)
        return self._wire

    def close(self) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None


def context_of(ca: str) -> ssl.SSLContext:
    """Raises ConfigError where the file of authorities cannot be used."""
    try:
        return ssl.create_default_context(cafile=ca or None)
    except OSError as error:
        raise ConfigError(f"The file of authorities {ca} cannot be used: {error.strerror or error}.") from None


def _whole(answer: http.client.HTTPResponse, max_bytes: int) -> bytes:
    """The body; a server that sends byte by byte is cut off."""
    ends, pieces, size = time.monotonic() + MAX_SECONDS, list[bytes](), 0
    while piece := answer.read1(_PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > max_bytes:
            raise BadAnswer(f"the answer is larger than {max_bytes} bytes")
        if time.monotonic() > ends:
            raise BadAnswer("the answer took too long")
    if answer.length:
        raise BadAnswer("the answer is cut off")
    return b"".join(pieces)


def _plain(error: Exception) -> Exception:
    """A certificate that does not verify stays what it is; half an answer is a BadAnswer; the rest is an OSError."""
    if isinstance(error, http.client.IncompleteRead):
        return BadAnswer("the answer is cut off")
    return error if isinstance(error, OSError) else OSError(type(error).__name__)
