"""Publish changes of access to gateways on commit (docs/formats.md, "Snapshot").

An act that changes access calls `publish_on_commit` inside its transaction with the people concerned; several calls are one
publication. It is durable before the act returns and takes milliseconds, because entry points get only the changes. A change that
concerns many people makes a whole snapshot (`publish`). A row of the same transaction marks the change as unpublished; publishing
deletes it. If a process dies right after its commit, the row stays, and the city worker publishes (`publish_waiting`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction

from civicmail.city.identity.queries.snapshots import build_changes, build_snapshot, has_mailboxes
from civicmail.city.snapshot import published_snapshot
from civicmail.city.snapshot.models import Publication, Untold
from civicmail.core.config.clock import now_ms
from civicmail.core.config.log import get_logger

WORKER_TIMEOUT_MS = 30_000
"""ms after which a city worker that says nothing is taken to be away."""
PATIENCE_MS = 150
"""ms that the process which made a change has for telling it, before the city worker does."""
log = get_logger()


def publish_on_commit(
    people: Iterable[int] = (), mailboxes: Iterable[int] = (), *, lists: bool = False, later: bool = False
) -> None:
    """Tell doors when the outermost transaction commits. people, mailboxes: ids of the rows that it is about; none: everybody.
    lists: what is behind lists changes with it; later: none of it shuts a door. Both are left to the city worker, which needs less
    than a second, where one is there."""
    data = data_folder()
    if data is None:
        return
    people, mailboxes = sorted(set(people)), sorted(set(mailboxes))
    now, few = now_ms(), bool(people or mailboxes)
    waits = (lists or later) and _has_worker(data, now)
    if few:
        Untold.objects.create(at=now, people=people, mailboxes=mailboxes, waits=waits and later)
    if lists or not few:
        Untold.objects.create(at=now, whole=True, waits=waits)
    waiting: list[Any] = connection.run_on_commit
    if not any(publish_pending in entry for entry in waiting):
        transaction.on_commit(publish_pending)


@contextmanager
def single_publication() -> Iterator[None]:
    """Several verbs as one transaction with one publication at its end."""
    with transaction.atomic():
        yield


def publish_pending() -> None:
    """Publish waiting changes, except those left to the city worker. Raises OSError and DatabaseError if no worker is running that
    would do it."""
    try:
        due = list(Untold.objects.filter(waits=False).values_list("whole", flat=True))
        _publish_pending(bool(due), any(due))
    except (OSError, DatabaseError) as error:
        data = data_folder()
        if data is None or not _has_worker(data, now_ms()):
            raise
        log.error("doors could not be told what changed, the city worker does it", error=type(error).__name__)


def publish_waiting(now: int) -> bool:
    """Publish changes that were left to the city worker or that a process did not survive to publish; called every quarter of a
    second. True if there were any."""
    rows = list(Untold.objects.order_by("id").values_list("at", "whole", "waits"))
    due = [whole for at, whole, waits in rows if waits or not 0 <= now - at < PATIENCE_MS]
    _publish_pending(bool(due), any(due))
    return bool(due)


def _publish_pending(some_wait: bool, whole: bool) -> None:
    if some_wait and (whole or not _publish_changes()):
        publish()


def _publish_changes() -> bool:
    """Write the changes for a few people. False if a whole snapshot is due instead. One process publishes at a time, so that the
    later of two versions was read later; other acts do not wait for it."""
    data = data_folder()
    if data is None:
        return True
    with published_snapshot.publication_lock(data):
        row = _next()
        rows = list(Untold.objects.filter(whole=False))
        people = {id_ for r in rows for id_ in r.people}
        mailboxes = {id_ for r in rows for id_ in r.mailboxes}
        changes = build_changes(row.version, row.at, people, mailboxes)
        if changes is None or not published_snapshot.publish_changes(data, changes):
            return False
        with transaction.atomic():
            row.save(update_fields=["version", "at"])
            Untold.objects.filter(pk__in=[r.pk for r in rows]).delete()
            _request_full(data, row.at)
    return True


def _request_full(data: Path, now: int) -> None:
    """Request a whole snapshot from the city worker, before so many changes accumulate that acts have to wait for it."""
    if published_snapshot.needs_full_snapshot(data) and _has_worker(data, now) and not Untold.objects.filter(whole=True).exists():
        Untold.objects.create(at=now, whole=True, waits=True)


def publish(now: int | None = None) -> int:
    """Write a whole snapshot; return its version. It contains everything committed before the call, or later. Changes published
    meanwhile have a later version, so entry points apply them on top. now: ms."""
    data = data_folder()
    if data is None:
        return 0
    with (
        published_snapshot.publication_lock(data),
        transaction.atomic(),
    ):  # every earlier change was published before this read
        row = _next(now)
        row.save(update_fields=["version", "at"])
        pending = list(Untold.objects.values_list("pk", flat=True))
    if has_mailboxes() or published_snapshot.snapshot_path(data).exists():  # else there is nothing to publish
        published_snapshot.publish(
            data, build_snapshot(row.version, row.at, tuple(settings.CITY.city.domains))
        )  # no act waits for this lock
    Untold.objects.filter(pk__in=pending).delete()
    return row.version


def publication_lag_ms(now: int) -> int:
    """The age of the oldest change that is not published yet; 0 without one."""
    oldest = Untold.objects.order_by("at").values_list("at", flat=True).first()
    return max(0, now - oldest) if oldest is not None else 0


def _next(now: int | None = None) -> Publication:
    """The next version, for publishers to save; times never fall behind those of earlier versions."""
    row, _ = Publication.objects.get_or_create(pk=1)
    row.version, row.at = row.version + 1, max(now_ms() if now is None else now, row.at)
    return row


def _has_worker(data: Path, now: int) -> bool:
    try:
        beat = published_snapshot.alive_path(data).stat().st_mtime_ns // 1_000_000
    except OSError:
        return False
    return abs(now - beat) < WORKER_TIMEOUT_MS


def data_folder() -> Path | None:
    """The data folder of this installation; None where Django runs without one."""
    data: Path | None = settings.DATA
    return data
