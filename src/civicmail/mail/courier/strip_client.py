"""Strip files from copies in sandboxed processes, which start on first use (core/sandbox/pool.py).

paths(body)                               files that can be stripped
replaced(body, apart)                     for the `delivered` record, and for the checks of a release
with_approved_files_only(kept, ...)       the last check of a copy before it is signed
"""

from __future__ import annotations

import atexit
import sys
import threading
from functools import cache
from typing import Any

import orjson

from civicmail.city.policy.approvals import PartialApproval
from civicmail.core.config.errors import LaterError
from civicmail.core.config.log import get_logger
from civicmail.core.sandbox.errors import CRASHED, Unreadable
from civicmail.core.sandbox.pool import Pool
from civicmail.mail.courier import strip_attachments as parting
from civicmail.mail.courier.archived_message import ArchivedMessage
from civicmail.mail.courier.errors import NotAsApproved
from civicmail.mail.courier.strip_attachments import Replaced

COMMAND = (sys.executable, "-I", "-m", "civicmail.mail.courier.strip_worker")
PROCESSES = 2
SECONDS = 20.0
"""Processor time in seconds for one message."""
_UNREAD = "The files of a message could not be looked at ({why}); try again."
_lock = threading.Lock()
log = get_logger()


@cache
def _made() -> Pool:
    made = Pool(COMMAND, processes=PROCESSES, each=True)
    atexit.register(made.close)
    return made


def paths(body: bytes) -> frozenset[str]:
    """Files of a message that can be stripped from a copy. Raises LaterError. Blocks."""
    answer = _ask({}, body)
    if not isinstance(answer, list):
        raise LaterError(_UNREAD.format(why=CRASHED))
    return frozenset(map(str, answer))


def replaced(body: bytes, apart: PartialApproval) -> Replaced:
    """Replacements for the files that do not leave. Raises NotAsApproved, LaterError. Blocks."""
    answer = _ask({"apart": apart.plain()}, body)
    if isinstance(answer, str):
        raise NotAsApproved(answer)
    try:
        edits: Replaced = [[int(at), int(length), str(text)] for at, length, text in answer]
    except (TypeError, ValueError):
        raise LaterError(_UNREAD.format(why=CRASHED)) from None
    if len(edits) != len(apart.stripped) or not all(text.startswith(parting.HEAD) for _, _, text in edits):
        raise LaterError(_UNREAD.format(why=CRASHED))
    return edits


def with_approved_files_only(kept: ArchivedMessage, sent: dict[str, Any], apart: PartialApproval) -> dict[str, Any]:
    """`sent` of a copy, without the files that do not leave with it. Raises NotAsApproved, which the log tells the operator, and
    LaterError, DamagedFile. Blocks."""
    if not apart:
        return sent
    try:
        return parting.with_files_stripped(sent, replaced(b"".join(kept.pieces()), apart))
    except NotAsApproved:
        log.error("a copy is not what was approved, and does not leave", security=True, capture=kept.capture.uuid)
        raise


def _ask(question: dict[str, Any], body: bytes) -> Any:
    """Ask the sandboxed process; of its answer, only the JSON form is trusted."""
    try:
        with _lock:
            pool = _made()
        return orjson.loads(pool.request(question, body, seconds=SECONDS))
    except Unreadable as error:
        raise LaterError(_UNREAD.format(why=error.why)) from None
    except ValueError:
        raise LaterError(_UNREAD.format(why=CRASHED)) from None
