"""Retry delivery at once: record it with its audit entry, then wake the courier (P-17)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path

from civicmail.city.guard import guard
from civicmail.city.guard.actions.external_acts import entering_of
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import Conflict
from civicmail.city.guard.reasons import checked_reason
from civicmail.front.web.system.waiting_copies import Line
from civicmail.mail.courier import actions


def try_now(data: Path, lines: Sequence[Line], *, actor: Actor, reason: str, now: int) -> int:
    """Make these recipients due at once; how many messages. lines: as the asker saw them; who is held is left out.

    Durable on return. Raises NotPermitted, Unusable, Conflict where nobody of them waits.
    """
    guard.require(actor, "queue.act", now=now)
    reason = checked_reason(reason)
    by: dict[bytes, list[int]] = {}
    for line in lines:
        if not line.held:
            by.setdefault(line.id, []).append(line.index)
    if not by:
        raise Conflict("No mail waits here any more.")
    hops = sorted({line.hop for line in lines if not line.held})
    object_ = f"capture:{uuid.UUID(bytes=next(iter(by)))}" if len(by) == 1 else f"hop:{hops[0]}"
    entering = entering_of(
        "queue.act", actor=actor, reason=reason, now=now, object=object_[:200], role="system-administrator",
        facts={"did": "try now", "messages": len(by), "hops": hops},
    )  # fmt: skip
    actions.retry_each(data, by, actor=actor.uid, reason=reason, now=now, entering=entering)
    return len(by)
