"""Read a message in a sandboxed process (core/sandbox): the result is plain shapes, or one word why there is none.

read(body) is Shown, whatever the message does, and None where `path` names no message in it; part(body, "1.2/1.1") is name and
bytes of a file, and raises Unreadable.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable, Hashable, Iterable
from typing import Any

import orjson

from civicmail.core.sandbox.errors import CRASHED, TOO_LONG, Unreadable
from civicmail.core.sandbox.pool import Pool, shared
from civicmail.desk.viewer.meeting import UNREADABLE, Meeting
from civicmail.desk.viewer.message_view import WORDS_MOST, HeaderLine, Run, Shown
from civicmail.desk.viewer.safe_html import Words

COMMAND = (sys.executable, "-I", "-m", "civicmail.desk.viewer.worker")
PROCESSES = 2
SECONDS = 15.0
"""Processor seconds for one message; forty megabytes of text take half a second, as HTML six."""
RETRIES = 600.0
"""Seconds for which a message that took too long is not tried again."""
MAX_CACHED = 200


def pool() -> Pool:
    """The processes of this one; started when they are first needed."""
    return shared(COMMAND, PROCESSES, fork_each=True)


def read(body: bytes, *, page: int = 1, files_page: int = 1, path: str = "") -> Shown | None:
    """What is shown of the message, or of one attached to it. What cannot be read says why; then the raw bytes are still there."""
    try:
        answer = _ask("shown", body, path, page=page, files_page=files_page)
        return Shown.from_plain(orjson.loads(answer)) if answer else None
    except Unreadable as error:
        why = error.why
    except (TypeError, KeyError, ValueError):  # the process was taken over
        why = CRASHED
    return Shown(len(body), hashlib.sha256(body).hexdigest(), failed=why)


def headers(body: bytes, *, path: str = "") -> tuple[list[HeaderLine], int] | None:
    """The fields of the header, as many as are shown, and how many there are. Raises Unreadable."""
    answer = _ask("headers", body, path)
    if not answer:
        return None
    try:
        lines, total = orjson.loads(answer)
        return [HeaderLine(str(line["name"]), tuple(Run(**run) for run in line["value"])) for line in lines], int(total)
    except (TypeError, KeyError, ValueError):
        raise Unreadable(CRASHED) from None


def frame(body: bytes, words: Words, *, path: str = "") -> bytes | None:
    """The document for the locked frame. Raises Unreadable."""
    return _ask("frame", body, path, words=dict(words)) or None


def meeting(body: bytes, *, path: str = "") -> Meeting | None:
    """The invitation in a message, None where it has none. What cannot be read says so."""
    try:
        answer = _ask("meeting", body, path)
        return Meeting.of(orjson.loads(answer)) if answer else None
    except (Unreadable, TypeError, KeyError, ValueError):
        return UNREADABLE


def words(body: bytes) -> str:
    """How it begins, in one line; empty for what cannot be read."""
    try:
        return _ask("words", body, "").decode("utf-8", "replace")[:WORDS_MOST]
    except Unreadable:
        return ""


def links(body: bytes, digests: Iterable[str]) -> dict[str, tuple[Run, ...]]:
    """SHA-256 of an address that it links to -> the address, of those that are wanted; none of what cannot be read."""
    try:
        answer = orjson.loads(_ask("links", body, "", wanted=list(digests)))
        return {str(digest): tuple(Run(**run) for run in address) for digest, address in answer.items()}
    except (Unreadable, TypeError, AttributeError, ValueError):
        return {}


def part(body: bytes, path: str) -> tuple[str, bytes] | None:
    """Name and bytes of a file. Raises Unreadable."""
    answer = _ask("part", body, path)
    name, line, content = answer.partition(b"\n")
    if not line:
        return None
    try:
        return str(orjson.loads(name)), content
    except ValueError:
        raise Unreadable(CRASHED) from None


def _ask(what: str, body: bytes, path: str, **more: Any) -> bytes:
    question = {"what": what, "path": path, **more}
    key = (hashlib.sha256(body).digest(), orjson.dumps(question))
    if key in _slow:
        raise Unreadable(TOO_LONG)
    try:
        return pool().request(question, body, seconds=SECONDS)
    except Unreadable as error:
        if error.why == TOO_LONG:
            _slow.add(key)
        raise


class Remembered:
    """Requests that took too long, for a while, so that a reload does not keep the processes busy."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[Hashable, float] = {}

    def __contains__(self, key: Hashable) -> bool:
        return self._until.get(key, 0) > self._clock()

    def add(self, key: Hashable) -> None:
        now = self._clock()
        self._until = {k: until for k, until in list(self._until.items())[-MAX_CACHED:] if until > now}
        self._until[key] = now + RETRIES


_slow = Remembered()
