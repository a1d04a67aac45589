"""Read a reported message: its recipient handed it to security, so an audit entry is enough and no examination is needed (P-16,
P-31)."""

from __future__ import annotations

from typing import Any

from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import NotPermitted
from civicmail.city.guard.permits import Permit
from civicmail.desk.incidents.models import Case


def read(case: Case, capture: str, *, actor: Actor, now: int) -> Permit:
    """A permit for one view of one reported message, or of a report that came by mail. Not for similar messages, and for those that
    only a check proposed, because no person reported them. Raises NotPermitted, NotRecorded."""
    handed = case.reports.filter(capture=capture).exists() or (not case.known and case.capture == capture)
    if not handed:
        raise NotPermitted("Nobody has reported this message itself, so reading it takes a mandate.")
    reason = f"case {case.pk}: reported by whoever had it"

    def write(entry: dict[str, Any]) -> str:
        facts, object_ = {"case": case.pk}, f"capture:{capture}"
        role = str(entry["duty"])
        made = entries.enter_alone("report.read", actor=actor, reason=reason, now=now, object=object_, role=role, facts=facts)
        return f"entry:{made.uuid}"

    return guard.permit(actor, "report.read", {"capture": capture}, role="security-officer", reason=reason, now=now, write=write)
