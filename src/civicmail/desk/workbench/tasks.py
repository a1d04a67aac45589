"""The worker's exports: one at a time, piece by piece; remove what expired."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.db.models import Q

from civicmail.city.guard import guard
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted
from civicmail.city.guard.mandates import Mandate
from civicmail.city.guard.models import Account
from civicmail.city.identity.queries import mandates
from civicmail.city.identity.queries.actors import actor_of
from civicmail.core.config.errors import CivicmailError, LaterError
from civicmail.core.config.log import get_logger
from civicmail.core.ledger import checkpoints
from civicmail.core.query.parse import parse
from civicmail.desk.workbench import export_run, scope, states
from civicmail.desk.workbench.actions import exports
from civicmail.desk.workbench.errors import NotProvedYet, Stopped
from civicmail.desk.workbench.export import About
from civicmail.desk.workbench.export_run import Running
from civicmail.desk.workbench.models import Export
from civicmail.mail.archive.reading import Archive
from civicmail.mail.search.reader import Reader

PIECE = 0.5
"""Seconds of work between two checks whether it may continue."""
BATCH_SIZE = 200
log = get_logger()

Clock = Callable[[], int]


def folder(data: Path, export: Export) -> Path:
    """Folder of an export."""
    return data / "exports" / str(export.pk)


class Exporting:
    """Continue the oldest waiting or running export. clock: ms."""

    def __init__(self, data: Path, clock: Clock) -> None:
        self._data = data
        self._clock = clock
        self._row: Export | None = None
        self._made: Running | None = None
        self._actor = Actor("")
        self._mandate: Mandate | None = None

    def step(self) -> bool:
        """Process one piece; False if there is nothing to do now."""
        row = (
            self._row
            or Export.objects.filter(state__in=states.UNDER_WAY).select_related("mandate", "person").order_by("pk").first()
        )
        if row is None:
            return False
        try:
            return self._go_on(row)
        except (NotPermitted, Conflict, Stopped) as error:
            self._leave()
            with suppress(Conflict):
                exports.stop(row, actor=exports.WORKER, reason=str(error), now=self._clock())
        except NotProvedYet:
            checkpoints.request(self._data / "ledger")
            return False
        except LaterError:  # the ledger lags, or the index is being made
            return False
        except (CivicmailError, OSError) as error:
            self._leave()
            log.error("an export failed", export=row.pk, error=type(error).__name__)
            with suppress(Conflict):
                exports.fail(row, _sentence(error), self._clock())
        return True

    def close(self) -> None:
        """The next process resumes what was read."""
        self._leave()

    def _go_on(self, row: Export) -> bool:
        if self._made is None:
            self._begin(row)
        made = self._made
        assert made is not None
        ended = made.step(PIECE)
        now = self._clock()
        progress = made.progress
        if not exports.update_progress(row, progress.found, progress.done, progress.failed, now):
            self._leave()  # it was stopped meanwhile
            return True
        self._require()
        if not ended:
            return True
        row.refresh_from_db()
        if row.state == "reading":
            exports.prove(row, now)
            row.refresh_from_db()
        made.finish()
        self._require()  # whatever changes from here on is a change of what is ready (exports.fetch)
        size = (folder(self._data, row) / export_run.FILE).stat().st_size
        exports.finish(row, manifest=made.manifest, size=size, now=self._clock())
        self._leave()
        return True

    def _begin(self, row: Export) -> None:
        """Start with a permit of this moment, and the present examination."""
        now = self._clock()
        self._row = row
        account = Account.objects.select_related("person").get(person=row.person)
        self._actor = actor_of(account, "worker", now)
        self._mandate = mandate = mandates.live(self._actor, row.mandate.number, now)
        archive, reader = Archive(self._data), Reader(self._data)
        permit = exports.begin(row, mandate, actor=self._actor, now=now)
        gate = scope.Gate(self._data, archive, permit, mandate, now)
        query_tree = gate.with_threads(reader, parse(row.query, now=row.asked, accepted=True))
        plain = mandate.scope
        scope_facts = {"people": list(plain.people), "since": plain.since, "until": plain.until, "words": plain.words}
        about = About(
            settings.CITY.city.name, epoch_ms(row.asked), self._actor.uid, mandate.role, mandate.reason, row.query, row.entry,
            mandate.number, mandate.ground, scope_facts,
        )  # fmt: skip
        at = epoch_ms(row.asked)
        tree, left_out = scope.readable(mandate, query_tree, at), scope.privileged(mandate, query_tree, at)
        self._made = Running(folder(self._data, row), archive, reader, tree, gate.read, about, left_out=left_out)

    def _require(self) -> None:
        """Raise NotPermitted if the examination has ended or the requester lost the permission; Conflict if it was narrowed."""
        now = self._clock()
        assert self._mandate is not None
        assert self._row is not None
        account = Account.objects.select_related("person").get(person=self._row.person)
        actor = actor_of(account, "worker", now)
        fresh = mandates.live(actor, self._mandate.number, now)
        guard.require_under(actor, fresh, "content.export", now=now)
        if fresh.scope != self._mandate.scope:
            raise Conflict("The scope of the mandate has changed.")

    def _leave(self) -> None:
        if self._made is not None:
            self._made.close()
        self._made = self._row = self._mandate = None


def sweep(data: Path, now: int) -> int:
    """Remove files of exports that expired, whose examination ended, or that were stopped or failed two weeks ago; return how
    many."""
    late = from_ms(now - states.KEPT_DAYS * 86_400_000)
    over = ~Q(mandate__state__in=("approved", "open", "urgent"))
    ready = Export.objects.filter(Q(state="ready") & (Q(until__lte=from_ms(now)) | over))
    count = 0
    for row in ready.select_related("mandate").order_by("pk")[:BATCH_SIZE]:
        export_run.remove(folder(data, row))
        exports.remove(row, "its time is over", now)
        count += 1
    left = Export.objects.filter(state__in=("stopped", "failed")).filter(Q(since__lte=late) | over)
    for pk in left.values_list("pk", flat=True)[:BATCH_SIZE]:
        export_run.remove(data / "exports" / str(pk))
    return count


def _sentence(error: Exception) -> str:
    return str(error) if isinstance(error, CivicmailError) else "The file could not be written; look at the disk."
