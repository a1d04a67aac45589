"""Read Outlook files in sandboxed processes (outlook_reader.py): one for each PST or OST, one for all MSG and TNEF files.

A process that dies or hangs loses only its current item; the next process continues after it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from civicmail.core.sandbox import frames

COMMAND = (sys.executable, "-I", "-m", "civicmail.mail.importers.outlook_reader")
SECONDS = 120.0  # for one item, and for opening a file of many gigabytes
MAX_CRASHES = 20  # of one file; then the rest of it is one line
_FRAME_MOST = 1 << 30
NO_ITEM = "it is an OLE file, but no Outlook item"
_KILLED = "its reader died on it or took too long"


@dataclass(frozen=True, slots=True)
class BuiltMessage:
    """A message built from an item. at: when the mailbox got it, ms; properties: as the head of its receipt keeps them."""

    content: bytes
    at: int | None
    properties: dict[str, Any]


@dataclass(frozen=True, slots=True)
class StoreItem:
    """One item of a file, or why it cannot be read; index -1 and folder "" for an error of the whole file."""

    index: int
    folder: str
    built: BuiltMessage | str


class OutlookItems:
    """Not safe for two threads at once."""

    def __init__(self, seconds: float = SECONDS, command: Sequence[str] = COMMAND) -> None:
        self._seconds = seconds
        self._command = command
        self._files: _Process | None = None

    def file(self, content: bytes) -> BuiltMessage | str:
        """The item of a MSG or TNEF file, or why it is none."""
        if self._files is None:
            self._files = _Process([*self._command, "msg"], ())
        try:
            return self._files.ask(content, time.monotonic() + self._seconds)
        except (frames.ClosedPipe, frames.ReadTimeout, ValueError):
            self.close()
            return _KILLED

    def store(self, path: str) -> Iterator[StoreItem]:
        """Every item of a PST or OST file."""
        first = crashes = 0
        while crashes < MAX_CRASHES:
            at = StoreItem(-1, "", _KILLED)
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            process = _Process([*self._command, "pst", str(fd), str(first)], (fd,))
            os.close(fd)
            try:
                while (received := process.next(time.monotonic() + self._seconds, at)) is not None:
                    at, done = received
                    if done:
                        yield at
                        first = max(first, at.index + 1)
                return
            except (frames.ClosedPipe, frames.ReadTimeout, ValueError):
                crashes += 1
                if at.index < first:  # not even the next item was named
                    yield StoreItem(-1, "", _KILLED)
                    return
                yield StoreItem(at.index, at.folder, _KILLED)
                first = at.index + 1
            finally:
                process.close()
        yield StoreItem(-1, "", f"its reader died {MAX_CRASHES} times; what lies behind was not read")

    def close(self) -> None:
        if self._files is not None:
            self._files.close()
            self._files = None


class _Process:
    def __init__(self, command: list[str], descriptors: tuple[int, ...]) -> None:
        self._running = subprocess.Popen(  # noqa: S603 - our own program
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=descriptors,
            env={"LANG": "C.UTF-8"},
            cwd="/",
        )
        assert self._running.stdin is not None and self._running.stdout is not None
        self._line = frames.Pipes(self._running.stdin.fileno(), self._running.stdout.fileno())

    def ask(self, content: bytes, deadline: float) -> BuiltMessage | str:
        """Read one file with one item."""
        self._line.send(frames.CONTENT, content, deadline)
        return self._answer(*self._line.receive(_FRAME_MOST, deadline), deadline)

    def next(self, deadline: float, before: StoreItem) -> tuple[StoreItem, bool] | None:
        """The item that is begun, or what became of it, or None at the end."""
        kind, content = self._line.receive(_FRAME_MOST, deadline)
        if kind == frames.END:
            return None
        if kind == frames.ASK:
            plain = json.loads(content)
            return StoreItem(int(plain["index"]), str(plain["folder"]), ""), False
        return StoreItem(before.index, before.folder, self._answer(kind, content, deadline)), True

    def _answer(self, kind: bytes, content: bytes, deadline: float) -> BuiltMessage | str:
        if kind == frames.UNREADABLE:
            return content.decode("utf-8", "replace")
        if kind != frames.CONTENT:
            raise frames.ClosedPipe
        kind, facts = self._line.receive(_FRAME_MOST, deadline)
        if kind != frames.TEXT:
            raise frames.ClosedPipe
        plain = json.loads(facts)
        at = plain["at"]
        return BuiltMessage(content, at if isinstance(at, int) else None, dict(plain["properties"]))

    def close(self) -> None:
        self._running.kill()
        for pipe in (self._running.stdin, self._running.stdout):
            if pipe is not None:
                pipe.close()
        self._running.wait()
