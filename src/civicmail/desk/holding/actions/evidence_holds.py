"""Hold evidence of a violation in the archive until it can no longer be appealed, whatever the schedule says (P-30, P-23; V1)."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from civicmail.city.conduct.models import Evidence
from civicmail.city.conduct.queries import violation_evidence
from civicmail.city.guard.actions.external_acts import entering_of
from civicmail.city.guard.actors import machine
from civicmail.core.config.errors import CivicmailError
from civicmail.core.config.log import get_logger
from civicmail.core.query.tree import Among
from civicmail.mail.archive import holds
from civicmail.mail.archive.commit import Entering

TICK = machine("tick")
SCOPE = holds.EVIDENCE
"""Prefix of the scope of such a hold, before the number of the case."""
WHY = "A report names it: it is kept until nobody can appeal."
OVER = "The case is over, or it names other messages."
RECHECK_AFTER_MS = 600_000
"""ms after which a loop checks the archive again without a changed case."""
log = get_logger()


class HoldReconciler:
    """Call reconcile() in a loop: after a change of a case, and every ten minutes."""

    def __init__(self) -> None:
        self._held: dict[int, frozenset[str]] | None = None
        self._checked_at = 0

    def step(self, now: int) -> int:
        """Reconcile if needed; return the number of changes."""
        needed = violation_evidence.needed(now)
        if needed == self._held and 0 <= now - self._checked_at < RECHECK_AFTER_MS:
            return 0
        changed = _try_reconcile(now)
        self._held, self._checked_at = needed if changed is not None else None, now
        return changed or 0


def reconcile(now: int) -> int:
    """Place missing holds and lift those whose case is over; return how many. now: ms. What fails now is repeated in the next
    round."""
    return _try_reconcile(now) or 0


def _try_reconcile(now: int) -> int | None:
    """None if it could not be done."""
    if settings.DATA is None or not Evidence.objects.exists():
        return 0
    try:
        return _reconcile(Path(settings.DATA), now)
    except CivicmailError as error:  # a disposal is running, or a file is damaged: doctor reports it
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
        holds.end(data, hold.id, actor=TICK.uid, reason=OVER, now=now, entering=entering, with_work=True)
    return len(missing) + len(obsolete)


def _hold_entry(act: str, scope: str, now: int) -> Entering:
    where, why = f"violation:{scope.removeprefix(SCOPE)}", OVER if act == "hold.lifted" else WHY
    return entering_of(act, actor=TICK, reason=why, now=now, object=where, facts={"ground": "other"})
