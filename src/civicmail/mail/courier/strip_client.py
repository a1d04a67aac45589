"""Strip files from copies in sandboxed processes, which start on first use (core/sandbox/pool.py).

paths(body)                               files that can be stripped
replaced(body, apart)                     for the `delivered` record, and for the checks of a release
with_approved_files_only(kept, ...)       the last check of a copy before it is signed
"""

from __future__ import annotations

from typing import Any

from civicmail.city.policy.approvals import PartialApproval
from civicmail.core.config.errors import LaterError
from civicmail.core.config.log import get_logger
from civicmail.core.sandbox.errors import Unreadable
from civicmail.core.sandbox.pool import Pool, shared
from civicmail.core.sandbox.service import Request
from civicmail.mail.courier import strip_attachments as parting
from civicmail.mail.courier.archived_message import ArchivedMessage
from civicmail.mail.courier.errors import NotAsApproved
from civicmail.mail.courier.strip_attachments import Replaced
from civicmail.mail.courier.strip_requests import SERVICE, FindRemovable, StripFiles

SECONDS = 20.0
"""Processor time in seconds for one message."""
_UNREAD = "The files of a message could not be looked at ({why}); try again."
log = get_logger()


def pool() -> Pool:
    """The processes of this one."""
    return shared(SERVICE)


def paths(body: bytes) -> frozenset[str]:
    """Files of a message that can be stripped from a copy. Raises LaterError. Blocks."""
    removable = _ask(FindRemovable(), body)
    return frozenset(removable)


def replaced(body: bytes, apart: PartialApproval) -> Replaced:
    """Replacements for the files that do not leave. Raises NotAsApproved, LaterError. Blocks."""
    edits = _ask(StripFiles(apart), body)
    if isinstance(edits, str):
        raise NotAsApproved(edits)
    return [list(edit) for edit in edits]


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


def _ask[Reply](request: Request[Reply], body: bytes) -> Reply:
    try:
        return pool().request(request, body, seconds=SECONDS)
    except Unreadable as error:
        raise LaterError(_UNREAD.format(why=error.why)) from None
