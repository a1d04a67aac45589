"""Make the content of a portal message in sandboxed processes, because employees write it and forward strangers' text. An
unreadable message can still be downloaded whole."""

from __future__ import annotations

import json
import sys
from typing import Any

from civicmail.core.config.errors import LaterError
from civicmail.core.config.log import get_logger
from civicmail.core.sandbox.errors import BUSY, CRASHED, Unreadable
from civicmail.core.sandbox.pool import Pool, shared

COMMAND = (sys.executable, "-I", "-m", "civicmail.mail.courier.pickup_worker")
PROCESSES = 2
SECONDS = 15.0
"""Processor time in seconds for one message; forty megabytes of HTML take six."""
UNREAD = {"subject": "", "from": "", "name": "", "message_id": "", "text": "", "cut": True, "files": []}
_TEXTS = ("subject", "from", "name", "message_id", "text")
log = get_logger()


def pool() -> Pool:
    """The processes of this one."""
    return shared(COMMAND, PROCESSES, fork_each=True)


def contents(message: bytes, seconds: float = SECONDS) -> tuple[dict[str, Any], list[bytes]]:
    """The index of a box, and the bytes of its files. Raises LaterError while too much is being read. Blocks."""
    try:
        line, _, rest = pool().request({}, message, seconds=seconds).partition(b"\n")
        return _parted(json.loads(line), rest)
    except Unreadable as error:
        if error.why == BUSY:
            raise LaterError("Too much is being read at this moment; it is tried again.") from None
        why = error.why
    except (TypeError, KeyError, ValueError, RecursionError):  # the process was taken over
        why = CRASHED
    log.warning("a message of the portal can only be had whole", why=why)
    return dict(UNREAD), []


def _parted(head: dict[str, Any], rest: bytes) -> tuple[dict[str, Any], list[bytes]]:
    index: dict[str, Any] = {name: _clean(head[name]) for name in _TEXTS}
    index |= {"cut": bool(head["cut"]), "files": [_file(one) for one in head["files"]]}
    files, at = [], 0
    for one in index["files"]:
        files.append(rest[at : at + one["size"]])
        at += one["size"]
    if at != len(rest):
        raise ValueError("not the files that were named")
    return index, files


def _file(one: dict[str, Any]) -> dict[str, Any]:
    size = int(one["size"])
    if size < 0:
        raise ValueError("no size")
    return {"name": _clean(one["name"]), "type": _clean(one["type"]), "size": size}


def _clean(text: object) -> str:
    return str(text).encode("utf-8", "replace").decode()
