"""The worker's productions: one at a time, piece by piece, continued after a kill; remove what was given up (P-21)."""

from __future__ import annotations

import errno
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from django.conf import settings

from civicmail.city.guard import guard
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted
from civicmail.city.guard.models import Account
from civicmail.city.identity.queries.actors import actor_of
from civicmail.core.config.errors import CivicmailError, LaterError
from civicmail.core.config.log import get_logger
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.redaction.errors import NotConverted
from civicmail.core.redaction.read import document_of
from civicmail.core.sandbox.errors import Unreadable
from civicmail.core.sandbox.ocr import Ocr, find_tesseract
from civicmail.desk.records.actions import content, productions
from civicmail.desk.records.gate import gate_of
from civicmail.desk.records.models import Item, Production
from civicmail.desk.records.production import making
from civicmail.desk.records.production.derived import Source
from civicmail.desk.records.production.making import Making
from civicmail.desk.records.queries.requests import mandate_of
from civicmail.desk.viewer import sandboxed
from civicmail.desk.workbench.errors import OutOfScope
from civicmail.desk.workbench.scope import NOT_THERE
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.reading import Archive

MAIL = "message.eml"
PIECE = 0.5
"""Seconds of work between two checks whether it may continue."""
KEPT_DAYS = 14
"""Days for which the files of a stopped or returned production stay, so that it can go on."""
FULL = "The disk is full. Make room, then go on with this production: nothing that was made is lost."
log = get_logger()

Clock = Callable[[], int]


class Reader:
    """Read the items of a request for its production, each message within the agreed scope. The entry is durable first."""

    def __init__(self, data: Path, row: Production, actor: Actor, documents: int, ocr: Ocr | None, now: int) -> None:
        """Raises NotPermitted, Conflict, NotRecorded."""
        mandate = mandate_of(row.request, actor, now)
        facts = {"production": row.number, "documents": documents}
        permit = content.under(row.request, "content.export", actor=actor, facts=facts, now=now)
        self._archive, self._ocr = Archive(data), ocr
        self._gate = gate_of(mandate, self._archive, permit, now)
        self._last = ("", b"")

    def read(self, item: Item) -> Source:
        """The file of an item with the words that were reviewed; a sentence where there is none."""
        try:
            name, data = self._file(item)
            return Source(data, document_of(data, name, ocr=self._ocr))
        except (OutOfScope, DamagedFile, NotInArchive, NotConverted) as error:
            return Source(b"", None, str(error))
        except Unreadable as error:
            return Source(b"", None, f"The file cannot be taken out of its message ({error.why}): withhold it whole.")

    def _file(self, item: Item) -> tuple[str, bytes]:
        """Name and bytes."""
        if self._last[0] != item.capture:
            place = self._archive.place(uuid.UUID(item.capture).bytes)
            if place is None:
                raise OutOfScope(NOT_THERE)
            self._last = (item.capture, self._gate.read(place).body)
        body = self._last[1]
        if not item.part:
            return MAIL, body
        part = sandboxed.part(body, item.part)
        if part is None:
            raise NotConverted("The message has no such part: withhold it whole.")
        return part


class Producing:
    """Continue the oldest production that is not made. clock: ms."""

    def __init__(self, data: Path, clock: Clock, files: Files = OS_FILES) -> None:
        self._data, self._clock, self._files = data, clock, files
        self._row: Production | None = None
        self._made: Making | None = None

    def step(self) -> bool:
        """Process one piece; False if there is nothing to do now."""
        rows = Production.objects.filter(state__in=productions.UNDER_WAY).select_related("request", "by").order_by("pk")
        row = self._row or rows.first()
        if row is None:
            return False
        try:
            self._go_on(row)
        except LaterError:  # the ledger lags: nothing is read before its entry is there
            return False
        except (CivicmailError, OSError) as error:
            self.close()
            log.error("a production stopped", production=row.pk, error=type(error).__name__)
            with suppress(Conflict):
                productions.stop(row, _sentence(error), actor=productions.WORKER, now=self._clock())
        return True

    def close(self) -> None:
        """The next process continues what was made."""
        if self._made is not None:
            self._made.close()
        self._made = self._row = None

    def _go_on(self, row: Production) -> None:
        made = self._made or self._begin(row)
        is_over = made.step(PIECE)
        if not productions.update_progress(row, made.done, made.checked, is_checking=made.is_checking):
            self.close()  # it was stopped meanwhile
            return
        self._require(row)
        if not is_over:
            return
        if made.problems:
            productions.leak(row, made.problems, self._clock())
            self.close()
            return
        productions.hand_over(row, list(made.shown()), made.certificates, made.last, self._clock())
        made.finish()
        self.close()

    def _begin(self, row: Production) -> Making:
        plan = productions.begin(row, self._clock())
        self._row = row
        items = {item.number: item for item in Item.objects.filter(request=row.request)}
        ocr = find_tesseract(settings.CITY.search.ocr_languages)
        reader = Reader(self._data, row, self._actor(row), plan.documents(), ocr, self._clock())
        place = productions.folder(self._data, row)
        self._made = Making(place, plan, lambda number: reader.read(items[number]), ocr=ocr, files=self._files)
        return self._made

    def _actor(self, row: Production) -> Actor:
        account = Account.objects.select_related("person").get(person=row.by)
        return actor_of(account, "worker", self._clock())

    def _require(self, row: Production) -> None:
        """Raise NotPermitted if whoever ordered it works on the request no more, or the request is closed."""
        now = self._clock()
        row.request.refresh_from_db()
        actor = self._actor(row)
        guard.require_under(actor, mandate_of(row.request, actor, now), "content.export", now=now)


def sweep(data: Path, now: int) -> int:
    """Remove files of productions that were given up two weeks ago; return how many."""
    late = from_ms(now) - timedelta(days=KEPT_DAYS)
    count = 0
    for row in Production.objects.filter(state__in=("stopped", "returned", "leaks"), since__lte=late).order_by("pk"):
        place = productions.folder(data, row)
        if place.is_dir() and any(place.rglob("*")):
            making.remove(place)
            count += 1
    return count


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return FULL
    if isinstance(error, (CivicmailError, NotPermitted)):
        return str(error)
    return "A file could not be written; look at the disk."
