"""Malware that the scanner knows only by now: mail of the last days that was delivered is scanned again, with every new set of
signatures and once a day (P-25, P-31).

    late = Late(data, "unix:/run/clamav/clamd.ctl")
    for id_, name in late.step(now): ...         captures in which something was found; [] while there is nothing to do

What was looked at is remembered in data/screening/late.json, which may be thrown away: then everything is looked at once more.
This module has a machine's door to bodies: only ids and the names of signatures come out of it.
"""

from __future__ import annotations

import asyncio
import contextlib
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from civicmail.core.config.log import get_logger
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.mail.archive.errors import KeyMissing, NotInArchive
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Capture
from civicmail.mail.pipeline.labels import is_inbound
from civicmail.mail.screening.clamd import Clamd

log = get_logger()
BACK_MS = 48 * 3_600_000
AGAIN_MS = 24 * 3_600_000
AT_ONCE = 20
SECONDS = 30.0
"""For one message; nobody waits for it."""


class Late:
    """Blocks; one thread at a time. address: of clamd; is_more: whether the last step has left something to look at."""

    def __init__(self, data: Path, address: str, files: Files = OS_FILES) -> None:
        self._machine, self._files = Machine(data), files
        self._ask = Clamd(address)
        self._path = data / "screening" / "late.json"
        self._state: dict[str, Any] = {"signatures": "", "began": 0, "before": "", "over": False}
        self.is_more = False
        with contextlib.suppress(FileNotFoundError, ValueError):
            self._state |= orjson.loads(self._path.read_bytes())

    def step(self, now: int) -> list[tuple[bytes, str]]:
        """Look at some more. now: ms. Raises OSError."""
        self.is_more = False
        answer = asyncio.run(self._ask.version())
        if answer.kind == "failed":
            return []
        begun = self._state["signatures"] == answer.said and 0 <= now - self._state["began"] < AGAIN_MS
        if begun and self._state["over"]:
            return []
        if not begun:
            self._state = {"signatures": answer.said, "began": now, "before": "", "over": False}
        return self._looked(now)

    def _looked(self, now: int) -> list[tuple[bytes, str]]:
        self._machine.refresh()
        before = bytes.fromhex(self._state["before"]) if self._state["before"] else b"\xff" * 16
        later = (place for place in self._machine.places(max(0, now - BACK_MS), now) if place.id < before)
        found, last = [], b""
        for place in islice(later, AT_ONCE):
            last = place.id
            if name := self._scanned(place.id):
                found.append((place.id, name))
        self._state |= {"before": last.hex(), "over": not last}
        self.is_more = bool(last)
        self._files.make_folder(self._path.parent, levels=0)
        self._files.replace(self._path, orjson.dumps({"v": 1, **self._state}))
        return found

    def _scanned(self, id_: bytes) -> str:
        """The name of what is in it; "" for nothing, and for what cannot be read or scanned."""
        try:
            capture = self._machine.capture(id_)
            if not _may_have_come_in(capture):
                return ""
            answer = asyncio.run(self._ask.scan(self._machine.body(id_), SECONDS))
        except (NotInArchive, DamagedFile, KeyMissing) as error:
            log.warning("late.unread", capture=id_.hex(), error=type(error).__name__)
            return ""
        return answer.said if answer.kind == "found" else ""


def _may_have_come_in(capture: Capture) -> bool:
    """Mail from outside with a file, of which somebody was given a copy."""
    given = any(d.do in ("deliver", "mark") for d in capture.dispositions)
    return given and is_inbound(capture) and bool(capture.facts.get("files.count", 0))
