"""Column mappings of personnel files (P-08)."""

from __future__ import annotations

import hashlib

from django.db import transaction

from civicmail.city.directory import feed_table
from civicmail.city.directory.feed_table import Columns, Table
from civicmail.city.directory.models import FeedMapping, FeedRun, FeedUpload
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import locked_row
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import DAY_MS, from_ms
from civicmail.city.guard.errors import Unusable
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.identity.actions import feed
from civicmail.city.identity.queries.scim import provider_names

KEEP_UPLOAD_MS = DAY_MS
"""ms for which a file waits for somebody to say what its columns are."""


def keep(content: bytes, name: str, *, actor: Actor, now: int) -> FeedUpload:
    """A file that waits; older ones go. Raises Unusable for what is no table at all."""
    guard.require(actor, "feed.map", now=now)
    feed_table.read(content)
    with transaction.atomic():
        FeedUpload.objects.filter(at__lt=from_ms(now - KEEP_UPLOAD_MS)).delete()
        return FeedUpload.objects.create(name=name[:200], content=content, at=from_ms(now), by=actor.uid)


def find_mapping(table: Table) -> FeedMapping | None:
    """The saved mapping of files with this first line."""
    return next((m for m in FeedMapping.objects.order_by("-made") if m.header == table.key), None)


def propose(content: bytes, mapping: Columns, *, source: str, actor: Actor, now: int) -> FeedRun:
    """Read a file by the mapping, and report its effects. Names of departments need no mapping. Raises Unusable."""
    guard.require(actor, "feed.run", now=now)
    known = dict(provider_names(now).departments)
    full = Columns(mapping.columns, mapping.kinds, known | dict(mapping.departments), mapping.dates, mapping.kind)
    read = feed_table.feed(feed_table.read(content), full)
    return feed.propose_read(read, hashlib.sha256(content).hexdigest(), source=source, actor=actor, now=now)


def propose_upload(upload: FeedUpload, mapping: Columns, *, actor: Actor, now: int, save: str = "") -> FeedRun:
    """Propose the waiting file as propose(), and delete it. save: a name under which to save the mapping for later files."""
    guard.require(actor, "feed.map", now=now)
    content = bytes(upload.content)
    with transaction.atomic():
        run = propose(content, mapping, source=upload.name, actor=actor, now=now)
        if save:
            _save(save, feed_table.read(content), mapping, actor, now)
        FeedUpload.objects.filter(pk=upload.pk).delete()
    return run


def columns_of(saved: FeedMapping) -> Columns:
    """A saved mapping in the form that the reader needs."""
    return Columns(saved.columns, saved.kinds, saved.departments, saved.dates, saved.kind)


def delete_mapping(saved: FeedMapping, *, actor: Actor, reason: str, now: int) -> None:
    """Delete a mapping; the next file of this kind requires a new one."""
    guard.require(actor, "feed.map", now=now)
    reason = checked_reason(reason)
    with locked_row(saved) as row:
        entries.enter("feed.map-forget", actor=actor, reason=reason, now=now, object=f"feed-map:{row.name}")
        row.delete()


def _save(name: str, table: Table, mapping: Columns, actor: Actor, now: int) -> None:
    """Under this name, in place of what was there."""
    plain = {
        "header": table.key,
        "columns": dict(mapping.columns),
        "kinds": dict(mapping.kinds),
        "departments": dict(mapping.departments),
        "dates": mapping.dates,
        "kind": mapping.kind,
    }
    if not name.replace("-", "").replace("_", "").isalnum() or len(name) > 60 or not name.isascii():
        raise Unusable("A name of a mapping has letters, digits and dashes.", {"save": "Letters, digits and dashes."})
    FeedMapping.objects.update_or_create(name=name.lower(), defaults={**plain, "made": from_ms(now), "by": actor.uid})
    entries.enter(
        "feed.map-save", actor=actor, reason="", now=now, object=f"feed-map:{name.lower()}", facts={"columns": plain["columns"]}
    )
