"""Expire quarantined copies that were not requested within thirty days (P-02, P-23).

The message stays archived until its schedule ends; without an end of its copies it would never be due for disposal.
"""

from __future__ import annotations

from civicmail.city.guard.actions.external_acts import entering_of
from civicmail.city.guard.actors import machine
from civicmail.desk.holding import queries, release_states
from civicmail.desk.holding.models import Contest, Release
from civicmail.desk.viewer.queries import installation
from civicmail.mail.archive.commit import write_entered
from civicmail.mail.archive.copies import QUARANTINE
from civicmail.mail.archive.records import Event, Type

EXPIRE_AFTER_MS = 30 * 86_400_000
"""ms in which somebody may want it: every digest has told of it, and links of digests work for two weeks."""
BATCH_SIZE = 500
WHY = "nobody wanted it in thirty days"
TICK = machine("tick")


def expire(now: int) -> int:
    """Expire the oldest quarantined copies and return how many, without those that have a pending release request or appeal.
    now: ms. Raises LaterError."""
    old = [copy for copy in queries.copies(now) if copy.do == QUARANTINE and copy.since <= now - EXPIRE_AFTER_MS]
    if not old:
        return 0
    requested = set(Release.objects.filter(state__in=release_states.OPEN).values_list("capture", flat=True))
    requested |= set(Contest.objects.filter(answer="").values_list("capture", flat=True))
    expired = [copy for copy in old if copy.uuid not in requested][-BATCH_SIZE:]
    if not expired:
        return 0
    data, facts = installation(), {"reason": WHY, "actor": TICK.uid}
    entering = entering_of(
        "quarantine.give-up", actor=TICK, reason=WHY, now=now, object="quarantine", facts={"copies": len(expired)}
    )
    write_entered(data, [Event(Type.CANCELLED, copy.id, now, (copy.index,), facts) for copy in expired], now, entering, {})
    return len(expired)
