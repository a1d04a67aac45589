"""Tokens of programs that speak SCIM: shown once, with an end, for the feed and nothing else (P-08, S1)."""

from __future__ import annotations

import hmac
from pathlib import Path

from django.db import transaction

from civicmail.city.directory.models import FeedKey
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import save_values
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import DAY_MS, epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable, field_error
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.identity import one_time_secrets
from civicmail.city.identity.actions.publishing import data_folder
from civicmail.city.snapshot.credentials import device_key

MAX_DAYS = 366
"""The most days for which a token may be made."""
USE_NOTED_EVERY_MS = 60_000
"""ms after which a use is noted again."""


def make(name: str, *, days: int, actor: Actor, reason: str, now: int) -> str:
    """A new token, shown this once."""
    guard.require(actor, "feed.key", now=now)
    reason = checked_reason(reason)
    if not (name := " ".join(name.split())[:80]):
        raise field_error("name", "Name the program.")
    if not 1 <= days <= MAX_DAYS:
        raise Unusable(f"A token lasts from 1 to {MAX_DAYS} days.", {"days": f"From 1 to {MAX_DAYS} days."})
    text = one_time_secrets.new_secret("feed")
    until = now + days * DAY_MS
    with transaction.atomic():
        made = FeedKey.objects.create(name=name, mac=_seal(text), made=from_ms(now), until=from_ms(until), by=actor.uid)
        facts = {"name": name, "until": until}
        entries.enter("feed.key-make", actor=actor, reason=reason, now=now, object=f"feed-key:{made.pk}", facts=facts)
    return text


def end(key: FeedKey, *, actor: Actor, reason: str, now: int) -> None:
    """End a token. Raises Conflict for one that has ended."""
    guard.require(actor, "feed.key", now=now)
    reason = checked_reason(reason)
    with transaction.atomic():
        row = FeedKey.objects.select_for_update().get(pk=key.pk)
        if row.ended is not None:
            raise Conflict("This token was ended already.")
        save_values(row, ended=from_ms(now))
        facts = {"name": row.name}
        entries.enter("feed.key-end", actor=actor, reason=reason, now=now, object=f"feed-key:{row.pk}", facts=facts)


def actor_by(text: str, *, client: str, now: int) -> Actor:
    """The actor with this token; note the use. Raises NotPermitted, with the same sentence for every reason."""
    key = None
    if one_time_secrets.has_shape("feed", text):
        sealed = _seal(text)
        key = FeedKey.objects.filter(mac=sealed).order_by().first()
        if key is not None and (not hmac.compare_digest(key.mac, sealed) or key.ended is not None or epoch_ms(key.until) <= now):
            key = None
    if key is None:
        raise NotPermitted("This takes a token of the access office that is in force.")
    if key.used is None or not 0 <= now - epoch_ms(key.used) < USE_NOTED_EVERY_MS:
        FeedKey.objects.filter(pk=key.pk).update(used=from_ms(now), used_from=client[:45])
    return Actor(f"feed:scim:{key.pk}", key.name, client=client, machine=True)


def _seal(text: str) -> str:
    data = data_folder()
    assert isinstance(data, Path), "tokens need a data folder"
    return one_time_secrets.seal("feed", device_key(data), text)
