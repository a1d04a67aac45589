"""Read a message in a sandboxed process (core/sandbox): typed replies, or one word why there is none.

read(body) is Shown, whatever the message does, and None where `path` names no message in it; part(body, "1.2/1.1") is name and
bytes of a file, and raises Unreadable.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence

from civicmail.core.sandbox.errors import TOO_LONG, Unreadable
from civicmail.core.sandbox.pool import Pool, shared
from civicmail.core.sandbox.service import Request, encode
from civicmail.desk.viewer.meeting import UNREADABLE, Meeting
from civicmail.desk.viewer.message_requests import (
    SERVICE,
    DrawFrame,
    FindLinks,
    ReadHeaders,
    ReadInvitation,
    ReadMessage,
    ReadPart,
    ReadPreviews,
)
from civicmail.desk.viewer.message_view import WORDS_MOST, File, HeaderLine, Run, Shown

SECONDS = 15.0
"""Processor seconds for one message; forty megabytes of text take half a second, as HTML six."""
RETRIES = 600.0
"""Seconds for which a message that took too long is not tried again."""
MAX_CACHED = 200
MAX_PAGES = 20
"""Pages of files of one message that are searched for one."""


def pool() -> Pool:
    """The processes of this one; started when they are first needed."""
    return shared(SERVICE)


def read(body: bytes, *, page: int = 1, files_page: int = 1, path: str = "") -> Shown | None:
    """The view of the message, or of one attached to it. For an unreadable one it has the reason; the raw bytes can still be
    downloaded."""
    try:
        return _ask(ReadMessage(path, page, files_page), body)
    except Unreadable as error:
        return Shown(len(body), hashlib.sha256(body).hexdigest(), failed=error.why)


def files(body: bytes) -> Iterator[File]:
    """The files of the message, of its first MAX_PAGES pages of files; none of an unreadable one."""
    for page in range(1, MAX_PAGES + 1):
        shown = read(body, files_page=page)
        if shown is None:
            return
        yield from shown.files
        if page >= shown.files_pages:
            return


def headers(body: bytes, *, path: str = "") -> tuple[list[HeaderLine], int] | None:
    """The fields of the header, as many as are shown, and how many there are. Raises Unreadable."""
    return _ask(ReadHeaders(path), body)


def frame(body: bytes, words: Mapping[str, str], *, path: str = "") -> bytes | None:
    """The document for the locked frame. Raises Unreadable."""
    return _ask(DrawFrame(path, dict(words)), body)


def meeting(body: bytes, *, path: str = "") -> Meeting | None:
    """The invitation in a message, None without one. An unreadable one has the reason."""
    try:
        return _ask(ReadInvitation(path), body)
    except Unreadable:
        return UNREADABLE


def words(bodies: Sequence[bytes]) -> list[str]:
    """The beginning of each message, in one line; empty for an unreadable one. For one reader only: one process reads them all,
    because a process for each would take most of the time, and each by itself only if one of them stops it."""
    if not bodies:
        return []
    try:
        return [line[:WORDS_MOST] for line in _ask(ReadPreviews(tuple(map(len, bodies))), b"".join(bodies))]
    except Unreadable:
        return [""] if len(bodies) == 1 else [words([body])[0] for body in bodies]


def links(body: bytes, digests: Iterable[str]) -> dict[str, tuple[Run, ...]]:
    """SHA-256 of a linked address -> the address, of the requested ones; empty for an unreadable message."""
    try:
        return _ask(FindLinks(tuple(digests)), body)
    except Unreadable:
        return {}


def part(body: bytes, path: str) -> tuple[str, bytes] | None:
    """Name and bytes of a file. Raises Unreadable."""
    return _ask(ReadPart(path), body)


def _ask[Reply](request: Request[Reply], body: bytes) -> Reply:
    key = (hashlib.sha256(body).digest(), encode(request))
    if key in _slow:
        raise Unreadable(TOO_LONG)
    try:
        return pool().request(request, body, seconds=SECONDS)
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
