"""Read messages in sandboxed processes, for the index, for queries of the store, and for commands. The processes start on first use
(core/sandbox/pool.py)."""

from __future__ import annotations

from collections.abc import Callable

from civicmail.core.config.errors import LaterError
from civicmail.core.config.log import get_logger
from civicmail.core.message.model import Fields
from civicmail.core.sandbox.errors import BUSY, CRASHED, TOO_LONG, Unreadable
from civicmail.core.sandbox.pool import Pool, shared
from civicmail.mail.search.attachments import File
from civicmail.mail.search.message_requests import SERVICE, Printed, PrintMessage, ReadFields, ReadFiles, ReadWords, Whole

log = get_logger()
SECONDS = 15.0
"""Of the processor for one message; forty megabytes of HTML take six."""
INDEX_SECONDS = 30.0
"""The same where nobody waits for it."""
WORDS_SECONDS = 5.0
"""The same where somebody waits who sends it."""
TIRED = "Messages cannot be read at this moment. Please try again in a minute."
_DEATHS = (CRASHED, TOO_LONG)


def pool() -> Pool:
    """The processes of this one."""
    return shared(SERVICE)


def fields(body: bytes, seconds: float = SECONDS) -> tuple[Fields, list[File]]:
    """The fields, without the content of what is attached, and the files that need a reader. Raises Unreadable."""
    return pool().request(ReadFields(), body, seconds=seconds)


def surely(body: bytes) -> tuple[Fields, list[File]]:
    """Read with one retry: another process reads a message that ended its first one. Raises Unreadable if that fails too;
    LaterError if no process can read anything, or all are busy."""
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
    return pool().request(ReadFiles(), body, seconds=SECONDS)


def words(body: bytes) -> str:
    """The words that a reader of the message sees, plain text and HTML; empty for an unreadable message. Raises LaterError as
    surely(). Blocks."""
    try:
        return _twice(lambda: pool().request(ReadWords(), body, seconds=WORDS_SECONDS))
    except Unreadable as error:
        log.warning("a message says nothing to who asks for its words", why=error.why)
        return ""


def printed(body: bytes) -> Printed:
    """A message as commands print it. Raises Unreadable."""
    return pool().request(PrintMessage(), body, seconds=SECONDS)


def _lives() -> bool:
    """Whether a process can read a harmless message."""
    try:
        fields(b"")
    except Unreadable:
        return False
    return True
