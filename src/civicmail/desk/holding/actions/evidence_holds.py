"""Evidence of a violation is held in the archive while its case is open or can be appealed, whatever the schedules say (P-30, P-23;
V1): a person who answers a report has to find what it was about."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from civicmail.city.access.actions.external_acts import entering_of
from civicmail.city.access.actors import machine
from civicmail.city.conduct.models import Evidence
from civicmail.city.conduct.queries import violation_evidence
from civicmail.core.config.errors import CivicmailError
from civicmail.core.config.log import get_logger
from civicmail.core.query.tree import Among
from civicmail.mail.archive import holds
from civicmail.mail.archive.commit import Entering

TICK = machine("tick")
SCOPE = "evidence of violation "
"""How the scope of such a hold begins, before the number of the case."""
WHY = "A report names it: it is kept until nobody can appeal."
OVER = "The case is over, or it names other messages."
RECHECK_AFTER_MS = 600_000
"""ms after which a loop asks the archive again, where no case has changed."""
log = get_logger()


class HoldReconciler:
    """keep() for a loop: the archive is asked where cases have changed, and every ten minutes all the same."""

    def __init__(self) -> None:
        self._held: dict[int, frozenset[str]] | None = None
        self._checked_at = 0

    def step(self, now: int) -> int:
        """As keep()."""
        needed = violation_evidence.needed(now)
        if needed == self._held and 0 <= now - self._checked_at < RECHECK_AFTER_MS:
            return 0
        changed = _try_reconcile(now)
        self._held, self._checked_at = needed if changed is not None else None, now
        return changed or 0


def reconcile(now: int) -> int:
    """Place the holds that are missing, and lift those whose case is over; how many. now: ms. What cannot be done now is done in
    the next round."""
    return _try_reconcile(now) or 0


def _try_reconcile(now: int) -> int | None:
    """None where it could not be done."""
    if settings.DATA is None or not Evidence.objects.exists():
        return 0
    try:
        return _reconcile(Path(settings.DATA), now)
    except CivicmailError as error:  # somebody disposes at this moment, or a file is damaged: doctor says so
        log.warning("evidence could not be held in this round", problem=type(error).__name__)
        return None


def _reconcile(data: Path, now: int) -> int:
    current = [hold for hold in holds.load(data) if hold.scope.startswith(SCOPE)]
    needed = {f"{SCOPE}{case}": Among(captures) for case, captures in violation_evidence.needed(now).items()}
    missing = [scope for scope, tree in needed.items() if not any(other.scope == scope and other.tree == tree for other in current)]
    obsolete = [hold for hold in current if needed.get(hold.scope) != hold.tree]
    for scope in sorted(missing):
        entering = _hold_entry("hold.placed", scope, now)
        holds.place(
            data, ground="other", scope=scope, tree=needed[scope], actor=TICK.uid, reason=WHY, now=now, entering=entering
        )  # fmt: skip
    for hold in obsolete:
        entering = _hold_entry("hold.lifted", hold.scope, now)
        holds.end(data, hold.id, actor=TICK.uid, reason=OVER, now=now, entering=entering)
    return len(missing) + len(obsolete)


def _hold_entry(act: str, scope: str, now: int) -> Entering:
    where, why = f"violation:{scope.removeprefix(SCOPE)}", OVER if act == "hold.lifted" else WHY
    return entering_of(act, actor=TICK, reason=why, now=now, object=where, facts={"ground": "other"})
