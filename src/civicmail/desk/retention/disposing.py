"""The worker's disposals: list what is proposed, and dispose of what was approved when its notice period is over (P-23).

Each round does one thing and may be repeated: a manifest that was written before a crash is written again under another name, and a
disposal goes on where the last process stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.guard.four_eyes import Facts
from civicmail.city.guard.queries import four_eyes
from civicmail.core.config.errors import CivicmailError, LaterError
from civicmail.core.config.log import get_logger
from civicmail.core.config.settings import Archive
from civicmail.desk.retention.actions import disposals
from civicmail.desk.retention.disposal_states import OPEN
from civicmail.desk.retention.models import Disposal
from civicmail.mail.archive import inventory
from civicmail.mail.archive.dispose import Outcome
from civicmail.mail.archive.manifests import Part
from civicmail.mail.archive.proposal import Limit, propose
from civicmail.mail.search.query_view import viewer

RETRY_MS = 60_000
"""ms until a disposal that could not go on is tried again: a hold was placed at that moment, or a lease is taken."""
log = get_logger()


class Dispose(Protocol):
    """Carries out a disposal in the whole program (front/worker/disposal.py)."""

    def __call__(
        self, data: Path, *, manifest: str, proposer: str, approver: str, eyes: Facts, reason: str, now: int
    ) -> Outcome: ...


class Disposing:
    """clock: ms; dispose: removes captures and their copies."""

    def __init__(self, data: Path, archive: Archive, dispose: Dispose, clock: Callable[[], int]) -> None:
        self._data, self._archive, self._dispose, self._clock = data, archive, dispose, clock
        self._rests_until = 0

    def step(self) -> int:
        """Do the next thing, and return 1; 0 if there is nothing to do now."""
        now = self._clock()
        if now < self._rests_until <= now + RETRY_MS:
            return 0
        row = Disposal.objects.filter(state="listing").order_by("pk").first() or self._ready(now)
        if row is None:
            return 0
        try:
            if row.state == "listing":
                self._list(row, now)
            else:
                self._go_on(row, now)
        except LaterError as error:
            self._rests_until = now + RETRY_MS
            log.info("disposal.later", disposal=row.pk, why=str(error))
            return 0
        except CivicmailError as error:
            log.error("a disposal stopped", disposal=row.pk, error=type(error).__name__)
            with suppress(Conflict):
                disposals.stop(row, str(error), self._clock())
        return 1

    def _ready(self, now: int) -> Disposal | None:
        rows = Disposal.objects.select_related("by", "decided_by").order_by("ready", "pk")
        return rows.filter(state="disposing").first() or rows.filter(state="approved", ready__lte=from_ms(now)).first()

    def _list(self, row: Disposal, now: int) -> None:
        besides = list(Disposal.objects.filter(state__in=OPEN).values_list("manifest", flat=True))
        manifest = propose(
            self._data,
            now=now,
            view=viewer(self._data),
            limit=Limit(self._archive.disposal_share_most / 100),
            part=Part(row.kind, row.year, row.most),
            besides=besides,
        )
        with suppress(Conflict):  # it was withdrawn meanwhile
            disposals.note_listed(row, manifest, self._clock())

    def _go_on(self, row: Disposal, now: int) -> None:
        assert row.decided_by is not None
        try:
            disposals.begin(row, now)
        except Conflict:  # it was withdrawn meanwhile
            return
        people = {row.by.uid, row.decided_by.uid}
        outcome = self._dispose(
            self._data,
            manifest=row.manifest,
            proposer=row.by.uid,
            approver=row.decided_by.uid,
            eyes=four_eyes.facts(people, began=epoch_ms(row.at), now=now),
            reason=row.reason,
            now=now,
        )
        facts = inventory.certified(self._data, row.manifest)
        gone = sum(len(one["items"]) for one in facts)
        stayed = {why: count for why, count in outcome.kept.items() if why != "gone" and not why.startswith("put aside")}
        if facts:
            disposals.finish(row, [one["certificate"] for one in facts], gone, stayed, self._clock())
        else:
            disposals.stop(row, _nothing(stayed), self._clock(), stayed=stayed)


def _nothing(stayed: dict[str, int]) -> str:
    words = ", ".join(f"{count:,} {why}" for why, count in sorted(stayed.items())) or "nothing was left of the list"
    return f"Nothing was disposed of: {words}."
