"""Read messages in sandboxed processes, for the index, for queries of the store, and for commands. The processes start on first use
(core/sandbox/pool.py)."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from civicmail.core.config.errors import LaterError
from civicmail.core.config.log import get_logger
from civicmail.core.message.model import Fields
from civicmail.core.sandbox.errors import BUSY, CRASHED, TOO_LONG, Unreadable
from civicmail.core.sandbox.pool import Pool, shared
from civicmail.mail.search import message_values
from civicmail.mail.search.attachments import File
from civicmail.mail.search.message_values import Printed, Whole

log = get_logger()
COMMAND = (sys.executable, "-I", "-m", "civicmail.mail.search.message_worker")
PROCESSES = 2
SECONDS = 15.0
"""Of the processor for one message; forty megabytes of HTML take six."""
INDEX_SECONDS = 30.0
"""The same where nobody waits for it."""
WORDS_SECONDS = 5.0
"""The same where somebody waits who sends it."""
MAX_REPLY_RATIO, FREE_REPLY_BYTES = 64, 1 << 20
"""Bytes that may be said for a byte of a message, and for any message. A letter is written in six, and packed text is eight times
as long; more says who was taken over."""
TIRED = "Messages cannot be read at this moment. Please try again in a minute."
_DEATHS = (CRASHED, TOO_LONG)


def pool() -> Pool:
    """The processes of this one."""
    return shared(COMMAND, PROCESSES)


def fields(body: bytes, seconds: float = SECONDS) -> tuple[Fields, list[File]]:
    """The fields, without the content of what is attached, and the files that need a reader. Raises Unreadable."""
    parsed, files = _ask("fields", body, seconds, message_values.fields_of)
    if parsed.blind + parsed.for_whom > 2 * len(body):
        raise Unreadable(CRASHED)
    return parsed, files


def surely(body: bytes) -> tuple[Fields, list[File]]:
    """The same with one retry: a message that ends its process is read once more by another one. Raises Unreadable if that fails
    too; LaterError if no process can read anything, or all are busy."""
    return _twice(lambda: fields(body, INDEX_SECONDS))


def _twice[T](ask: Callable[[], T]) -> T:
    try:
        return ask()
    except Unreadable as error:
        if error.why not in (BUSY, *_DEATHS):
            raise
    try:
        return ask()
    except Unreadable as error:
        if error.why == BUSY or (error.why in _DEATHS and not _lives()):
            raise LaterError(TIRED) from None
        raise


def files(body: bytes) -> list[Whole]:
    """The files in a message that need a reader. Raises Unreadable."""
    return _ask("files", body, SECONDS, message_values.files_of, lambda reply: reply)


def words(body: bytes) -> str:
    """What a reader sees, plain text and HTML; nothing of a message that cannot be read. Raises LaterError as surely(). Blocks."""
    try:
        return _twice(lambda: _ask("words", body, WORDS_SECONDS, str))
    except Unreadable as error:
        log.warning("a message says nothing to who asks for its words", why=error.why)
        return ""


def printed(body: bytes) -> Printed:
    """What a command shows of a message. Raises Unreadable."""
    return _ask("letter", body, SECONDS, message_values.printed_of)


def _lives() -> bool:
    """Whether a process can read a harmless message."""
    try:
        fields(b"")
    except Unreadable:
        return False
    return True


def _ask[T](what: str, body: bytes, seconds: float, decode: Callable[[Any], T], load: Callable[[bytes], Any] = json.loads) -> T:
    """What a process says, as `of` makes it of plain values. Believe nothing of it. Raises Unreadable."""
    reply = pool().request({"what": what}, body, seconds=seconds)
    if len(reply) > MAX_REPLY_RATIO * len(body) + FREE_REPLY_BYTES:
        raise Unreadable(CRASHED)
    try:
        return decode(load(reply))
    except (TypeError, KeyError, ValueError, OverflowError, RecursionError):  # the process was taken over
        raise Unreadable(CRASHED) from None
