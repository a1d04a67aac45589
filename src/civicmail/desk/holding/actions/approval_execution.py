"""Execute decisions on files in the archive: release approved copies, and copies that leave without the files; cancel the others.
The next round resumes what a crash left.

An approved copy is decided once more against the approvals that gateways know at that moment. So only the approved files leave,
only to the approved recipient, and another rule may still hold the copy (P-19, P-22, P-25).
"""

from __future__ import annotations

import uuid
from contextlib import closing
from pathlib import Path

from civicmail.city.guard.epoch import DAY_MS, epoch_ms, from_ms
from civicmail.city.policy.approvals import PartialApproval
from civicmail.city.policy.dispositions import Disposition
from civicmail.core.config.clock import now_ms
from civicmail.core.config.errors import LaterError
from civicmail.core.config.log import get_logger
from civicmail.core.disk.errors import DamagedFile
from civicmail.desk.holding import partial_approval, queries
from civicmail.desk.holding.actions import publish_approvals
from civicmail.desk.holding.actions.approval_requests import notify_still_held
from civicmail.desk.holding.actions.releaser_pool import releasing
from civicmail.desk.holding.approval_states import CANCELLED
from civicmail.desk.holding.models import Approval, ApprovalCopy
from civicmail.desk.viewer.queries import installation
from civicmail.mail.archive.commit import SHORT_FILE, Writer
from civicmail.mail.archive.copies import PENDING
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.records import Event, Type

MAX_KEPT = 200
BATCH_SIZE = 50
FIRST_RETRY_MS, MAX_RETRY_MS = 15_000, 900_000
"""ms until a copy with an unavailable check is tried again: at first, and at most."""
RETRY_FOR = DAY_MS
"""ms after the decision; a copy that is still unchecked then stays held, and its sender is notified."""
_retries: dict[Path, dict[int, tuple[int, int]]] = {}
"""By installation and approval: when this process tries again, and the wait after that."""
log = get_logger()


def execute(row: Approval, now: int) -> list[ApprovalCopy]:
    """Execute pending decisions and return the copies that are done. Raises LaterError, NotInArchive, DamagedFile: then try
    again."""
    due = list(row.copies.filter(done__isnull=True).exclude(state="waits").select_related("by"))
    if not due:
        return []
    approved = [c for c in due if c.state == "approved"]
    publish_approvals.publish_answers(approved, now)
    deferred: set[int] = set()
    if row.capture:
        _cancel(row, [c for c in due if c.state in CANCELLED and not c.is_text_only], now)
        deferred = _release(row, [*approved, *(c for c in due if c.is_text_only)], now)
    done = [c for c in due if c.index not in deferred]
    for copy in done:
        copy.done = from_ms(now)
        copy.save(update_fields=["done", "kept"])
    return done


def execute_pending(now: int) -> int:
    """Execute what an earlier process left, and what an unavailable check delayed. Return the number of messages."""
    publish_approvals.verify_published(now)
    unfinished = set(ApprovalCopy.objects.filter(done__isnull=True).exclude(state="waits").values_list("approval", flat=True))
    earlier = _retries.get(installation(), {})
    retries = _retries[installation()] = {pk: when for pk, when in earlier.items() if pk in unfinished}
    due = sorted(pk for pk in unfinished if retries.get(pk, (0, 0))[0] <= now)[:BATCH_SIZE]
    for row in Approval.objects.filter(pk__in=due).order_by("pk"):
        wait = retries.get(row.pk, (0, FIRST_RETRY_MS))[1]
        retries[row.pk] = now + wait, min(2 * wait, MAX_RETRY_MS)
        execute_or_defer(row, now)
    return len(due)


def execute_or_defer(row: Approval, now: int) -> None:
    """Execute the decisions, or leave them to the worker's next round."""
    try:
        execute(row, now)
    except (LaterError, NotInArchive, DamagedFile, OSError) as error:
        log.error("what was decided about files cannot be done yet", approval=row.pk, error=type(error).__name__)


def _cancel(row: Approval, copies: list[ApprovalCopy], now: int) -> None:
    """Cancel the copies that are still held. The message stays archived."""
    id_ = uuid.UUID(row.capture).bytes
    held_copies = [c for c in copies if queries.copy(id_, c.index, now) is not None]
    if not held_copies:
        return
    data = installation()
    with closing(Writer(data, now_ms, file_size=SHORT_FILE)) as writer:
        for copy in held_copies:
            facts = {"reason": _cancellation_reason(copy), "actor": copy.by.uid if copy.by is not None else "tick"}
            writer.event(Event(Type.CANCELLED, id_, now_ms(), (copy.index,), facts))
        writer.flush()


def _release(row: Approval, copies: list[ApprovalCopy], now: int) -> set[int]:
    """Release the copies; return the indices of those that an unavailable check delays."""
    held_by = _release_copies(row, copies)
    deferred = {c.index for c in copies if c.index in held_by and held_by[c.index].do == PENDING and not _is_too_late(c, now)}
    settled = [copy for copy in copies if copy.index not in deferred]
    for copy in settled:
        copy.kept = ", ".join(held_by[copy.index].rules)[:MAX_KEPT] if copy.index in held_by else ""
    notify_still_held(row, [copy for copy in settled if copy.kept], now)
    return deferred


def _is_too_late(copy: ApprovalCopy, now: int) -> bool:
    return copy.at is not None and now - epoch_ms(copy.at) >= RETRY_FOR


def _release_copies(row: Approval, copies: list[ApprovalCopy]) -> dict[int, Disposition]:
    """Release the copies; return by index the dispositions that still hold some."""
    if not copies:
        return {}
    reason = f"approval {row.pk}: {copies[0].reason}"
    by_file_choice: dict[tuple[PartialApproval, str], list[ApprovalCopy]] = {}
    for copy in copies:
        assert copy.by is not None, "an answer has a person"
        by_file_choice.setdefault((partial_approval.file_choice(copy), copy.by.uid), []).append(copy)
    held_by: dict[int, Disposition] = {}
    with releasing() as releaser:
        for (file_choice, by), same_choice in by_file_choice.items():
            indices = [c.index for c in same_choice]
            released = releaser.release(uuid.UUID(row.capture).bytes, indices, by=by, reason=reason, aside=(), apart=file_choice)
            held_by |= released.kept
    return held_by


def _cancellation_reason(copy: ApprovalCopy) -> str:
    reasons = {
        "refused": "the files were not approved",
        "withdrawn": "the sender withdrew it",
        "expired": "nobody approved the files",
    }
    return f"{reasons[copy.state]}{f': {copy.reason}' if copy.reason else ''}"
