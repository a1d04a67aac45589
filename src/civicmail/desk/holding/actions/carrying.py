"""What was decided about files is done in the archive: copies go, or end. Whoever dies in between leaves it to the next round.

An approved copy is not simply let go: it is decided about once more, by what gateways know of approvals then. So it goes only with
the very files, and to the very recipient, that somebody approved; what another rule finds keeps it (P-19, P-22, P-25).
"""

from __future__ import annotations

import uuid
from contextlib import closing
from pathlib import Path

from civicmail.city.access.moments import DAY, moment, ms
from civicmail.city.policy.approvals import Apart
from civicmail.city.policy.shapes import Disposition
from civicmail.core.config.clock import now_ms
from civicmail.core.config.errors import LaterError
from civicmail.core.config.log import get_logger
from civicmail.core.disk.errors import DamagedFile
from civicmail.desk.holding import parting, queries
from civicmail.desk.holding.actions import publishing
from civicmail.desk.holding.actions.asking import tell_kept
from civicmail.desk.holding.actions.lettinggo import releasing
from civicmail.desk.holding.approvalstates import CANCELLED
from civicmail.desk.holding.models import Approval, ApprovalCopy
from civicmail.desk.viewer.queries import installation
from civicmail.mail.archive.commit import SHORT_FILE, Writer
from civicmail.mail.archive.copies import PENDING
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.records import Event, Type
from civicmail.mail.courier import bell

KEPT_MOST = 200
AT_ONCE = 50
FIRST_WAIT, WAIT_MOST = 15_000, 900_000
"""ms until what a check could not look at is tried again: at first, and at most."""
TRIED_FOR = DAY
"""ms after the answer; what cannot be looked at by then is kept, and its sender hears of it."""
_next: dict[Path, dict[int, tuple[int, int]]] = {}
"""When an approval (of an installation) is tried again by this process, and how long is waited after that."""
log = get_logger()


def carry_out(row: Approval, now: int) -> list[ApprovalCopy]:
    """Do what was decided and is not done; the copies that were done. Raises LaterError, NotInArchive, DamagedFile: then it is
    tried again."""
    due = list(row.copies.filter(done__isnull=True).exclude(state="waits").select_related("by"))
    if not due:
        return []
    approved = [c for c in due if c.state == "approved"]
    publishing.told(approved, now)
    later: set[int] = set()
    if row.capture:
        _end(row, [c for c in due if c.state in CANCELLED], now)
        later = _let_go(row, approved, now)
    done = [c for c in due if c.index not in later]
    for copy in done:
        copy.done = moment(now)
        copy.save(update_fields=["done", "kept"])
    return done


def finish(now: int) -> int:
    """What an earlier process did not live to do, and what a check could not look at; how many messages."""
    publishing.looked_after(now)
    open_ = set(ApprovalCopy.objects.filter(done__isnull=True).exclude(state="waits").values_list("approval", flat=True))
    before = _next.get(installation(), {})
    again = _next[installation()] = {pk: when for pk, when in before.items() if pk in open_}
    due = sorted(pk for pk in open_ if again.get(pk, (0, 0))[0] <= now)[:AT_ONCE]
    for row in Approval.objects.filter(pk__in=due).order_by("pk"):
        wait = again.get(row.pk, (0, FIRST_WAIT))[1]
        again[row.pk] = now + wait, min(2 * wait, WAIT_MOST)
        carry_out_or_leave(row, now)
    return len(due)


def carry_out_or_leave(row: Approval, now: int) -> None:
    """What cannot be done at this moment is left to the worker's next round."""
    try:
        carry_out(row, now)
    except (LaterError, NotInArchive, DamagedFile, OSError) as error:
        log.error("what was decided about files cannot be done yet", approval=row.pk, error=type(error).__name__)


def _end(row: Approval, copies: list[ApprovalCopy], now: int) -> None:
    """Nobody gets these copies; the message stays in the archive. Of those alone that are still held."""
    id_ = uuid.UUID(row.capture).bytes
    held = [c for c in copies if queries.copy(id_, c.index, now) is not None]
    if not held:
        return
    data = installation()
    with closing(Writer(data, now_ms, file_size=SHORT_FILE)) as writer:
        for copy in held:
            facts = {"reason": _why(copy), "actor": copy.by.uid if copy.by is not None else "tick"}
            writer.event(Event(Type.CANCELLED, id_, now_ms(), (copy.index,), facts))
        writer.flush()
    bell.ring(data)


def _let_go(row: Approval, copies: list[ApprovalCopy], now: int) -> set[int]:
    """Those, by index, that a check could not look at: they go when it is back."""
    kept = _released(row, copies)
    later = {c.index for c in copies if c.index in kept and kept[c.index].do == PENDING and not _is_too_late(c, now)}
    settled = [copy for copy in copies if copy.index not in later]
    for copy in settled:
        copy.kept = ", ".join(kept[copy.index].rules)[:KEPT_MOST] if copy.index in kept else ""
    tell_kept(row, [copy for copy in settled if copy.kept], now)
    return later


def _is_too_late(copy: ApprovalCopy, now: int) -> bool:
    return copy.at is not None and now - ms(copy.at) >= TRIED_FOR


def _released(row: Approval, copies: list[ApprovalCopy]) -> dict[int, Disposition]:
    """What keeps some of them, by their index."""
    if not copies:
        return {}
    reason = f"approval {row.pk}: {copies[0].reason}"
    alike: dict[tuple[Apart, str], list[ApprovalCopy]] = {}
    for copy in copies:
        assert copy.by is not None, "an answer has a person"
        alike.setdefault((parting.apart(copy), copy.by.uid), []).append(copy)
    kept: dict[int, Disposition] = {}
    with releasing() as letting:
        for (apart, by), some in alike.items():
            indices = [c.index for c in some]
            done = letting.release(uuid.UUID(row.capture).bytes, indices, by=by, reason=reason, aside=(), apart=apart)
            kept |= done.kept
    return kept


def _why(copy: ApprovalCopy) -> str:
    said = {"refused": "the files were not approved", "withdrawn": "the sender withdrew it", "expired": "nobody approved the files"}
    return f"{said[copy.state]}{f': {copy.reason}' if copy.reason else ''}"
