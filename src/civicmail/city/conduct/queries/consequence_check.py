"""Check at the entry points whether a decided consequence is in force; nothing is cached (P-30)."""

from __future__ import annotations

from civicmail.city.conduct.models import Violation
from civicmail.city.guard.epoch import from_ms
from civicmail.city.identity.authorization_states import LIVING
from civicmail.city.identity.models import Authorization, Bar
from civicmail.city.identity.queries import access_status, bars

MISMATCH = ("problem", "Not so at the doors: tell the system administrator")


def of(row: Violation, now: int) -> tuple[str, str]:
    """(state, sentence) of what is in force now of a violation's consequence; both empty if there is none. now: ms."""
    if row.person_id is None:
        return ("", "")
    if row.state == "recorded" or (row.ending_id is not None and row.outcome in ("", "ended") and row.state in _IN_FORCE):
        return _shut(row, now)
    if row.state not in _IN_FORCE:
        return ("", "")
    if row.state == "proposed":
        return ("pending", "Not in force: a second officer has not agreed yet")
    if row.outcome == "permanent":
        return _shut(row, now) if _has_open_bar(row, now) else ("ended", "The bar was ended by two officers")
    if row.outcome in ("suspension", "restriction"):
        return _until(row, now)
    if row.outcome == "warning":
        return ("done", "Training done") if row.trained is not None else ("open", "Training is open")
    return ("", "")


_IN_FORCE = frozenset({"confirmed", "proposed", "decided", "appealed", "upheld"})


def _has_open_bar(row: Violation, now: int) -> bool:
    return row.bar is not None and Bar.objects.filter(pk=row.bar.pk, ended__isnull=True).exists()


def _shut(row: Violation, now: int) -> tuple[str, str]:
    """Whether all authorizations that should have ended have ended, and sign-in is refused with the reason."""
    assert row.person_id is not None, "its person is known"
    rights = Authorization.objects.filter(person=row.person_id, state__in=LIVING)
    if row.ending is not None:
        rights = rights.filter(episode=row.ending.episode_id)
        if row.ending.done is None or rights.exists():
            return MISMATCH
        return ("verified", "Every door is shut")
    return MISMATCH if rights.exists() or not access_status.why_refused(row.person_id, now) else ("verified", "Every door is shut")


def _until(row: Violation, now: int) -> tuple[str, str]:
    assert row.person_id is not None and row.until is not None, "it has an end"
    if row.until <= from_ms(now) or not _has_open_bar(row, now):
        return ("expired", "Over")
    if row.outcome == "suspension":
        return ("verified", "Mail is shut until then") if access_status.why_refused(row.person_id, now) else MISMATCH
    living = bars.living(from_ms(now), [row.person_id]).filter(origin=f"violation:{row.pk}", kind="restriction").exists()
    return ("verified", "Mail is restricted until then") if living else MISMATCH
