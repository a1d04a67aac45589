"""The facts of one review item, as they were when the review began: evidence and page show the same (R4).

Plain data: text, whole numbers, lists of text.
`state` is what the next review compares with.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.utils import timezone

from civicmail.city.conduct.models import ReviewRow
from civicmail.city.conduct.queries.review_scope import Known
from civicmail.city.directory.models import Episode, Kind, Mailbox
from civicmail.city.guard.epoch import epoch_ms, format_day, from_ms
from civicmail.city.guard.roles import ROLES
from civicmail.city.identity.models import Authorization, RoleAssignment

REASONS = ("duties", "performance", "efficiency", "service")
ACCESS_KINDS = {"holder": "Own mailbox", "delegate": "Uses another mailbox", "successor": "Reads what a leaver had"}
_WORDS = {
    "department": "Department",
    "position": "Position",
    "supervisor": "Supervisor",
    "owner": "Owner of the mailbox",
    "role": "Kind of access",
    "reasons": "Reasons in writing",
    "until": "End",
    "contract": "Contract",
}


def of_right(a: Authorization, k: Known) -> dict[str, Any]:
    """A right: why, who approved, what it reaches and costs, how it is used."""
    evidence = k.use.evidence(a)
    used = evidence.use
    return {
        **_person(a.person.uid, a.person.display, k.work.get(a.person_id)),
        "what": ACCESS_KINDS.get(a.role, a.role),
        "mailbox": a.mailbox.address,
        "owner": a.department.name,
        "reaches": _reaches(a),
        "reasons": {r: getattr(a, r) for r in REASONS},
        "approver": a.approver.display if a.approver else "",
        "approved": _day(a.decided),
        "until": epoch_ms(a.until),
        "cost": a.cost,
        "sent": used.sent,
        "received": used.received,
        "notices": used.notices,
        "retrieved": used.retrieved,
        "began": _day(evidence.began),
        "last_sent": _day(evidence.last_sent),
        "last_read": _day(evidence.last_read),
        "last_seen": _day(evidence.last_seen),
        "accepted": a.person_id not in k.unaccepted,
        "state": _state(k.work.get(a.person_id))
        | {
            "owner": a.department.code,
            "role": a.role,
            "reasons": str(a.profile) if a.profile else a.duties[:120],
            "until": _day(a.until),
        },
    }


def of_role(g: RoleAssignment, k: Known) -> dict[str, Any]:
    """A role: what it is for, who granted it and why, how often it was activated."""
    meaning = ROLES.get(g.role)
    uses, last = k.taken_up.get(g.pk, (0, None))
    seen = k.use.seen.get(g.person_id)
    return {
        **_person(g.person.uid, g.person.display, k.work.get(g.person_id)),
        "what": "Role",
        "duty": g.role,
        "duty_name": str(meaning.name) if meaning else g.role,
        "reaches": str(meaning.purpose) if meaning else "",
        "owner": g.department.name if g.department else "the whole city",
        "reasons": {"granted": g.reason},
        "approver": k.names.get(g.by, g.by),
        "approved": _day(g.starts),
        "until": epoch_ms(g.until),
        "cost": 0,
        "privileged": bool(meaning and meaning.privileged),
        "uses": uses,
        "last_used": _day(last),
        "last_seen": _day(seen),
        "state": _state(k.work.get(g.person_id)) | {"owner": g.department.code if g.department else "", "until": _day(g.until)},
    }


def changes(before: dict[str, Any] | None, facts: dict[str, Any]) -> list[str]:
    """Differences from the last review, in words; empty if there was none."""
    if before is None:
        return []
    old, new = before.get("state", {}), facts["state"]
    return [
        f"{_WORDS[key]}: {old[key] or 'none'} → {new[key] or 'none'}" for key in _WORDS if key in old and old[key] != new.get(key)
    ]


def before(review: int, rights: set[int], roles: set[int]) -> dict[tuple[str, int], dict[str, Any]]:
    """The facts at the last answered review: ("right" | "role", id) -> facts. review: the current one, which is excluded.
    Two queries for each 500."""
    by_subject: dict[tuple[str, int], dict[str, Any]] = {}
    for name, ids in (("right", sorted(rights)), ("role", sorted(roles))):
        for begin in range(0, len(ids), 500):
            rows = ReviewRow.objects.filter(**{f"{name}__in": ids[begin : begin + 500]}).exclude(review=review)
            rows = rows.filter(answer__in=["keep", "change"]).order_by("id")
            for pk, facts in rows.values_list(name, "asked"):
                if pk is not None:
                    by_subject[name, pk] = facts
    return by_subject


def _person(uid: str, name: str, work: Episode | None) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "uid": uid,
        "name": name,
        "kind": "",
        "position": "",
        "department": "",
        "supervisor": "",
        "contract": "",
    }
    if work is not None:
        shown |= {"kind": str(Kind(work.kind).label), "position": work.position, "department": work.department.name}
        shown["supervisor"] = work.supervisor.display if work.supervisor else ""
        if work.contract:
            shown["contract"] = (
                f"{work.contract.agency.name}, contract {work.contract.number} until {format_day(work.contract.ends)}"
            )
    return shown


def _state(work: Episode | None) -> dict[str, str]:
    if work is None:
        return {"department": "", "position": "", "supervisor": "", "contract": ""}
    contract = f"{work.contract.number}, {work.contract.ends}" if work.contract else ""
    supervisor = work.supervisor.uid if work.supervisor else ""
    return {"department": work.department.code, "position": work.position, "supervisor": supervisor, "contract": contract}


def _reaches(a: Authorization) -> str:
    if a.role == "holder":
        return "sends and receives as this person, inside and outside of the city"
    if a.mailbox.kind == Mailbox.Type.FUNCTION:
        return a.mailbox.purpose or "reads and answers what comes to this office"
    return f"reads mail of {a.mailbox.name}"


def _day(at: datetime | date | None) -> str:
    if at is None:
        return ""
    return (timezone.localdate(at) if isinstance(at, datetime) else at).isoformat()


def end_of(facts: dict[str, Any]) -> datetime:
    """The end of the authorization at the time of the review."""
    return from_ms(facts["until"])
