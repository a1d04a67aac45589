"""Idempotency-Key: a repeated POST gets the stored answer for a day.

Key and act are one transaction, so a crash leaves both or neither. Concurrent requests with one key wait for each other at the
row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

from django.db.models import QuerySet
from ninja import Schema

from civicmail.city.guard.actions.acting import save_values
from civicmail.city.guard.actions.entries import single_transaction
from civicmail.city.guard.errors import Conflict, Unusable
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.errors import KeyUsed
from civicmail.front.web.models import Answered

HEADER = "Idempotency-Key"
MAX_KEY_LENGTH = 100
KEPT = timedelta(days=1)


def once[Made: Schema](request: Call, act: Callable[[], Made]) -> Made:
    """What act made, or what it made when this key was first shown. Raises KeyUsed where the key stood for something else, and what
    act raises: then the key is free."""
    key = request.headers.get(HEADER, "")
    if not key:
        return act()
    if len(key) > MAX_KEY_LENGTH or not key.isprintable():
        raise Unusable(f"An {HEADER} has at most {MAX_KEY_LENGTH} characters.", {HEADER: f"At most {MAX_KEY_LENGTH} characters."})
    token, digest = request.auth.token, _digest(request)
    with single_transaction():
        Answered.objects.filter(token=token, at__lt=request.now - KEPT).delete()
        defaults = {"digest": digest, "at": request.now}
        row, new = Answered.objects.select_for_update().get_or_create(token=token, key=key, defaults=defaults)
        if row.digest != digest:
            raise KeyUsed(f"This {HEADER} was another request's; make a new one for each.")
        if not new:
            return cast(Made, row.answer)  # the shape of the answer checks it again
        made = act()
        save_values(row, answer=made.model_dump(mode="json"))
    return made


def as_seen(request: Call, there: object, seen: object, words: str) -> None:
    """Raise Conflict, with these words, where what is there is not what the asker saw: but for a request that was done already,
    which is answered as it was then."""
    if there != seen and not _was_done(request):
        raise Conflict(words)


def _was_done(request: Call) -> bool:
    key = request.headers.get(HEADER, "")
    return bool(key) and _kept(request, key).exists()


def _kept(request: Call, key: str) -> QuerySet[Answered]:
    """What is too old is asked again, of what is there by then."""
    known = Answered.objects.filter(token=request.auth.token, key=key, digest=_digest(request))
    return known.filter(at__gte=request.now - KEPT)


def _digest(request: Any) -> str:
    content = f"{request.method} {request.get_full_path()}\n".encode() + request.body
    return hashlib.sha256(content).hexdigest()
