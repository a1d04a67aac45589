"""ETag on reading and If-Match on changing (RFC 9110, 13.1.1)."""

from __future__ import annotations

import hashlib

import orjson
from django.http import HttpRequest, HttpResponse
from ninja import Schema

from civicmail.front.web.api.errors import NotMatched


def tag(shown: Schema) -> str:
    """Of what is shown: the same for the same, another one when anything of it has changed."""
    plain = orjson.dumps(shown.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
    return f'"{hashlib.sha256(plain).hexdigest()[:32]}"'


def with_etag[Shown: Schema](response: HttpResponse, shown: Shown) -> Shown:
    """The same, with its tag in the header."""
    response.headers["ETag"] = tag(shown)
    return shown


def require(request: HttpRequest, shown: Schema) -> None:
    """Raise NotMatched where the asker says what they saw, and it is not this any more. Belongs into the transaction in which the
    row is locked."""
    header = request.headers.get("If-Match", "").strip()
    if header and header != "*" and tag(shown) not in [part.strip() for part in header.split(",")]:
        raise NotMatched("This has changed since it was read; read it again and decide anew.")
