"""The job `replicate`: the holder of that lease sends records to the standby."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from civicmail.core.config.errors import CivicmailError
from civicmail.core.config.log import get_logger
from civicmail.core.config.settings import Archive
from civicmail.core.disk.errors import LeaseHeld
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.mail.replica import epoch, status
from civicmail.mail.replica.confirmation import ConfirmationDesk
from civicmail.mail.replica.errors import Fenced, StandbyGone
from civicmail.mail.replica.links import open_link
from civicmail.mail.replica.ship import Clock, Shipper
from civicmail.mail.replica.status import ALARM_MS, Status

LOOK_SECONDS = 0.05
TURN_MS = 1000
AGAIN_SECONDS = 0.5

log = get_logger()


class Stop(Protocol):
    """The event that stops the job."""

    def is_set(self) -> bool: ...

    def wait(self, timeout: float | None = None) -> bool: ...


class Replicate:
    """Works until stop; a standby that is away is tried again for as long as it takes."""

    def __init__(self, data: Path, settings: Archive, clock: Clock, files: Files = OS_FILES) -> None:
        self._data = data
        self._settings = settings
        self._clock = clock
        self._files = files
        self._error = ""
        self._last: Status | None = status.read(data)
        self._alarmed = False

    def run(self, stop: Stop) -> None:
        """Raises Fenced when another installation has taken over, and what must be decided by a person (NotACopy, Diverged)."""
        with closing(ConfirmationDesk(self._data)) as desk:
            while not stop.is_set():
                try:
                    self._connected(desk, stop)
                except (StandbyGone, LeaseHeld) as error:
                    self._say(str(error))
                    stop.wait(AGAIN_SECONDS)
                except Fenced as error:
                    epoch.fence(self._data, str(error).encode(), self._files)
                    epoch.require_unfenced(self._data)
                except CivicmailError as error:
                    self._say(str(error))
                    raise

    def _connected(self, desk: ConfirmationDesk, stop: Stop) -> None:
        with closing(open_link(self._settings, self._files)) as link:
            shipper = Shipper(self._data, link, self._clock)
            if not shipper.complete:
                self._require_new()
            turn: Iterator[None] | None = None
            due = written = 0
            while not stop.is_set():
                sent = shipper.round()
                desk.confirm(shipper.positions())
                now = self._clock()
                self._last = Status(now, shipper.level_at, "", shipper.positions(), self._settings.standby)
                if not 0 <= now - written < 1000:
                    self._write(now)
                    written = now
                if turn is None and now >= due:
                    turn, due = shipper.turn(), now + TURN_MS
                if turn is not None and next(turn, turn) is turn:
                    turn = None
                desk.wait(0.0 if sent or turn is not None else LOOK_SECONDS)

    def _require_new(self) -> None:
        """Raise StandbyGone if a complete copy has disappeared: most often its disk is not mounted, and a new copy would be on the
        disk of this machine."""
        self._last = last = status.read(self._data)  # the folder was removed on purpose: start a new copy
        if last is not None and last.level_at and last.place == self._settings.standby:
            raise StandbyGone(
                f"{last.place} is empty, and had everything before: see whether its disk is mounted. To begin a new copy there, "
                f"remove {status.path(self._data)}."
            )

    def _write(self, now: int) -> None:
        if self._error:
            log.info("standby.reached")
        self._error = ""
        if self._last is not None:
            status.write(self._data, self._last)
        self._alarm(now)

    def _say(self, error: str) -> None:
        """Report that the standby is unavailable: the status has the reason, and the lag grows."""
        now = self._clock()
        if error != self._error:
            log.warning("standby.unreachable")
        self._error = error
        last = self._last or Status(now, 0)
        status.write(self._data, replace(last, at=now, error=error))
        self._alarm(now)

    def _alarm(self, now: int) -> None:
        """Log once when the standby is more than five seconds behind, and once when it has caught up."""
        lag = status.lag_ms(self._data, self._last, now)
        behind = lag is None or lag > ALARM_MS
        if behind and not self._alarmed:
            log.error("standby.behind", seconds=-1 if lag is None else lag // 1000)
        elif self._alarmed and not behind:
            log.info("standby.level")
        self._alarmed = behind
