"""Roles that need a second holder: acts that take two people and would wait for ever."""

from __future__ import annotations

from itertools import product

from civicmail.city.guard import four_eyes
from civicmail.city.guard.duties import Duty
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.permissions import PERMISSIONS
from civicmail.city.guard.queries.four_eyes import facts
from civicmail.city.identity.models import DutyGrant

PAIRS: tuple[tuple[str, Duty, Duty], ...] = (
    ("account.hand-over", "access-officer", "access-officer"),
    ("release.second", "security-officer", "security-officer"),
    ("finding.second", "use-reviewer", "use-reviewer"),
    ("rule.decide", "policy-author", "policy-approver"),
    ("mandate.approve", "examiner", "examination-approver"),
)
"""An act, who does its first half, and who its second; what departments do among themselves is not here."""


def understaffed_roles(*, now: int) -> list[Duty]:
    """The duties of second halves that none of those in office could do for whoever does the first. now: ms. Duties that nobody
    holds yet are not among them."""
    holders: dict[str, set[str]] = {}
    for duty, uid in DutyGrant.objects.in_force(from_ms(now)).values_list("duty", "person__uid"):
        holders.setdefault(duty, set()).add(uid)
    known = facts(set().union(*(holders.get(duty, ()) for _, *pair in PAIRS for duty in pair)), began=now, now=now)
    return [
        second
        for act, first, second in PAIRS
        if holders.get(first)
        and holders.get(second)
        and all(
            four_eyes.why_refused(uid, [other], known, began=now, now=now, alone=PERMISSIONS[act].alone)
            for other, uid in product(holders[first], holders[second])
        )
    ]
