"""Make the content of a portal message in sandboxed processes, because employees write it and forward strangers' text. An
unreadable message can still be downloaded whole."""

from __future__ import annotations

from typing import TypedDict

from civicmail.core.config.errors import LaterError
from civicmail.core.config.log import get_logger
from civicmail.core.sandbox.errors import BUSY, Unreadable
from civicmail.core.sandbox.pool import Pool, shared
from civicmail.core.sandbox.service import Count, Request, Service

SECONDS = 15.0
"""Processor time in seconds for one message; forty megabytes of HTML take six."""
log = get_logger()


class BoxFile(TypedDict):
    name: str
    type: str
    size: Count


BoxIndex = TypedDict(
    "BoxIndex",
    {"subject": str, "from": str, "name": str, "message_id": str, "text": str, "cut": bool, "files": list[BoxFile]},
)
"""What the page of a box shows (pickup_store.py). cut: there is more text."""
Contents = tuple[BoxIndex, list[bytes]]
"""The index of a box, and the bytes of its files."""


class ReadContents(Request[Contents], frozen=True):
    handler = "civicmail.mail.courier.pickup_reader:contents"

    def check(self, reply: Contents, size: int) -> None:
        index, files = reply
        if [file["size"] for file in index["files"]] != [len(content) for content in files]:
            raise ValueError("not the files that were named")


SERVICE = Service(__name__, (ReadContents,), fork_each=True, warm=(ReadContents(),))


def pool() -> Pool:
    """The processes of this one."""
    return shared(SERVICE)


def contents(message: bytes, seconds: float = SECONDS) -> Contents:
    """The index of a box, and the bytes of its files. Raises LaterError while too much is being read. Blocks."""
    try:
        return pool().request(ReadContents(), message, seconds=seconds)
    except Unreadable as error:
        if error.why == BUSY:
            raise LaterError("Too much is being read at this moment; it is tried again.") from None
        log.warning("a message of the portal can only be had whole", why=error.why)
    return {"subject": "", "from": "", "name": "", "message_id": "", "text": "", "cut": True, "files": []}, []
