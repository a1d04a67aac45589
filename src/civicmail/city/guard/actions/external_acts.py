"""Acts that change files or journals instead of rows, each with its audit entry (A1).

    with in_record("retention.hold", …) as entry:      an act that is a record of the archive: the entry is part of the record
        write the record with the fact `entry`
    with in_files("keys.sign", …):                     an act that changes files
        change them

An entry inside a record becomes a row once the record is durable; if the process dies in between, the consumer of the journals
writes the row (`restore`). An act on files first writes a row that marks its start and deletes it at its end; if the process dies
in between, an entry an hour later reports that the outcome is unknown (`settle`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import orjson
from django.db import DatabaseError, transaction

from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import NotRecorded
from civicmail.city.guard.models import Begun, Entry
from civicmail.core.config.log import get_logger

MAX_DURATION_MS = 3_600_000
"""ms that an act may take: after that its process is presumed dead."""
OUTCOME_UNKNOWN = "not known: the process ended before it said so"
_NOTHING_DONE = "Nothing was changed, because the audit log cannot be written now. Try again in a minute."
log = get_logger()


@contextmanager
def in_record(
    act: str, *, actor: Actor, reason: str, now: int, object: str = "", role: str = "", facts: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """The entry as the record of this deed carries it, in its fact `entry`. Make the record durable within, at once: others wait
    for the database. What is raised there leaves no entry. Raises NotRecorded where none can be written: then nothing may be
    done."""
    done = False
    try:
        with transaction.atomic():
            made = entries.enter(act, actor=actor, reason=reason, now=now, object=object, role=role, facts=facts)
            yield orjson.loads(made.head)
            done = True
    except DatabaseError as error:
        if not done:
            raise NotRecorded(_NOTHING_DONE) from error
        log.error("the entry of a deed follows from its record", act=act, error=type(error).__name__)


def entering_of(
    act: str, *, actor: Actor, reason: str, now: int, object: str = "", role: str = "", facts: dict[str, Any]
) -> Callable[[dict[str, Any]], AbstractContextManager[dict[str, Any]]]:
    """in_record() for code that writes the record itself: a function that takes facts known only there."""

    def entering(more: dict[str, Any]) -> AbstractContextManager[dict[str, Any]]:
        return in_record(act, actor=actor, reason=reason, now=now, object=object, role=role, facts=facts | more)

    return entering


def restore(plain: Iterable[dict[str, Any]]) -> int:
    """Write the entries of records that have no row, because a process died in between; how many. Belongs into a transaction."""
    by = {str(one["uuid"]): one for one in plain}
    known_uuids = {str(uuid) for uuid in Entry.objects.filter(uuid__in=by).values_list("uuid", flat=True)}
    missing = [entries.row_of(one) for uuid, one in by.items() if uuid not in known_uuids]
    Entry.objects.bulk_create(missing, ignore_conflicts=True)  # its writer may be about to commit
    return len(missing)


@contextmanager
def in_files(
    act: str, *, actor: Actor, reason: str, now: int, object: str = "", role: str = "", facts: dict[str, Any]
) -> Iterator[str]:
    """Change the files within; yields the future entry. An exception leaves no entry. Raises NotRecorded if no entry can be
    written: then nothing may be done."""
    plain = entries.plain_of(act, actor, reason, now, object, facts, role=role)
    try:
        begun = Begun.objects.create(uuid=plain["uuid"], at=now, plain=plain)
    except DatabaseError as error:
        raise NotRecorded(_NOTHING_DONE) from error
    try:
        yield f"entry:{begun.uuid}"
    except Exception:
        with suppress(DatabaseError):
            begun.delete()
        raise
    try:
        _finish(begun, {})
    except DatabaseError as error:
        log.error("the entry of a deed follows later", act=act, error=type(error).__name__)


def settle(now: int) -> int:
    """Write entries for acts whose process died: the outcome is unknown; return their number."""
    late = list(Begun.objects.filter(at__lte=now - MAX_DURATION_MS).order_by("pk")[:100])
    for begun in late:
        _finish(begun, {"outcome": OUTCOME_UNKNOWN})
    return len(late)


def _finish(begun: Begun, more: dict[str, Any]) -> None:
    with transaction.atomic():
        gone, _ = Begun.objects.filter(pk=begun.pk).delete()
        if gone:
            entries.row_of(begun.plain | {"facts": begun.plain["facts"] | more}).save(force_insert=True)
