"""What nobody wanted out of quarantine is given up: the copy ends, and the message stays for as long as its schedule says (P-02,
P-23). Without an end nothing of it would ever be due."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from django.conf import settings
from django.db import transaction

from civicmail.city.access.actions import entries
from civicmail.city.access.actors import machine
from civicmail.core.config.clock import now_ms
from civicmail.desk.holding import queries, releasestates
from civicmail.desk.holding.models import Contest, Release
from civicmail.mail.archive.commit import SHORT_FILE, Writer
from civicmail.mail.archive.copies import QUARANTINE
from civicmail.mail.archive.records import Event, Type
from civicmail.mail.courier import bell

WAITS = 30 * 86_400_000
"""ms in which somebody may want it: every digest has told of it, and links of digests work for two weeks."""
AT_ONCE = 500
WHY = "nobody wanted it in thirty days"
TICK = machine("tick")


def give_up(now: int) -> int:
    """How many copies, the oldest first. None of what somebody asks to have let go, or calls wrong. now: ms. Raises LaterError."""
    old = [copy for copy in queries.copies(now) if copy.do == QUARANTINE and copy.since <= now - WAITS]
    if not old:
        return 0
    asked = set(Release.objects.filter(state__in=releasestates.OPEN).values_list("capture", flat=True))
    asked |= set(Contest.objects.filter(answer="").values_list("capture", flat=True))
    over = [copy for copy in old if copy.uuid not in asked][-AT_ONCE:]
    if not over:
        return 0
    with transaction.atomic():
        entries.enter("quarantine.give-up", actor=TICK, reason=WHY, now=now, object="quarantine", facts={"copies": len(over)})
    assert settings.DATA is not None, "pages have an installation"
    data = Path(settings.DATA)
    with closing(Writer(data, now_ms, file_size=SHORT_FILE)) as writer:
        for copy in over:
            writer.event(Event(Type.CANCELLED, copy.id, now, (copy.index,), {"reason": WHY, "actor": TICK.uid}))
        writer.flush()
    bell.ring(data)
    return len(over)
