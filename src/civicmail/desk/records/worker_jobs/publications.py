"""The worker's reading room: scan what is planned, publish what is due, and keep the search index of what is public (P-21)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from django.db.models import Q

from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict
from civicmail.core.config.errors import CivicmailError
from civicmail.core.config.log import get_logger
from civicmail.desk.records import released_index
from civicmail.desk.records.actions import publications
from civicmail.desk.records.models import ProducedFile, Publication
from civicmail.desk.records.queries import released_files
from civicmail.desk.records.queries.law import pack_of
from civicmail.desk.records.release_scan import Finding, scan
from civicmail.desk.records.released_index import ReleasedText, title_of

PIECE = 0.5
"""Seconds of work between two checks whether it was taken back."""
log = get_logger()

Clock = Callable[[], int]


class Publishing:
    """Scan the oldest planned publication, and publish it when it is due. clock: ms.

    A kill begins the scan anew: nothing is public before all of it was scanned.
    """

    def __init__(self, data: Path, clock: Clock) -> None:
        self._data, self._clock = data, clock
        self._row: Publication | None = None
        self._found: list[Finding] = []
        self._files: Iterator[ProducedFile] = iter(())

    def step(self) -> bool:
        """Process one piece; False if there is nothing to do now."""
        if self._row is None:
            self._row = _next(self._clock())
            if self._row is None:
                return self._keep_index()
            self._row.checked = 0
            self._found, self._files = [], iter(self._row.production.files.select_related("production").order_by("pk"))
        try:
            self._go_on(self._row)
        except (Conflict, Publication.DoesNotExist):
            self._row = None  # it was taken back meanwhile
        except (CivicmailError, OSError) as error:
            log.error("a publication was stopped", publication=self._row.pk, error=type(error).__name__)
            publications.fail(
                self._row, str(error) if isinstance(error, CivicmailError) else "A file could not be read.", self._clock()
            )
            self._row = None
        return True

    def _go_on(self, row: Publication) -> None:
        until, pack = time.monotonic() + PIECE, pack_of(row.production.request)
        for file in self._files:
            self._found += scan(file.name, released_files.content(self._data, file), pack)
            row.checked += 1
            if time.monotonic() >= until:
                if not Publication.objects.filter(pk=row.pk, state="planned").update(checked=row.checked):
                    self._row = None
                return
        now = self._clock()
        Publication.objects.filter(pk=row.pk).update(checked=row.checked)
        row.refresh_from_db()
        self._row = None
        if publications.store_scan(row, self._found, now) or row.after > from_ms(now):
            return
        self._index(row)
        publications.publish(row, now)

    def _index(self, row: Publication) -> None:
        released_index.add(self._data, row.pk, self._texts(row))

    def _texts(self, row: Publication) -> Iterator[ReleasedText]:
        yield ReleasedText(0, row.title, f"{row.summary}\n{row.request_text}")
        for file in row.production.files.select_related("production").filter(item__gt=0, media_type="text/plain").order_by("pk"):
            text = released_files.content(self._data, file).decode("utf-8", "replace")
            yield ReleasedText(file.item, title_of(text), text)

    def _keep_index(self) -> bool:
        """Make the index of what is public, and of nothing else; whether something changed."""
        public = {row.pk: row for row in Publication.objects.filter(state="public").select_related("production")}
        known = released_index.indexed(self._data)
        if gone := known - public.keys():
            released_index.remove(self._data, gone)
            return True
        for number in sorted(public.keys() - known):
            self._index(public[number])
            return True
        return False


def _next(now: int) -> Publication | None:
    """What was never scanned as it is, or is due: a scan comes right before everybody can read it."""
    rows = Publication.objects.filter(state="planned").select_related("production__request")
    return rows.filter(Q(scanned__isnull=True) | Q(after__lte=from_ms(now))).order_by("after", "pk").first()
