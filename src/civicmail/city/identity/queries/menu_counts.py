"""Counts that the menu shows, and the department of its links."""

from __future__ import annotations

from collections import Counter

from civicmail.city.directory.models import Department, FeedRun
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.models import Account
from civicmail.city.identity.models import Authorization


def counts(actor: Actor) -> dict[str, int]:
    """Keys: requests:CODE of each department that the actor decides for; locked and feeds for the access office."""
    counts_by_key: dict[str, int] = {}
    if codes := decided_departments(actor):
        requests = Authorization.objects.filter(state="asked", department__code__in=codes).order_by()
        open_ = requests.exclude(person__uid=actor.uid).exclude(requester__uid=actor.uid).values_list("department__code", flat=True)
        counts_by_key |= {f"requests:{code}": n for code, n in Counter(open_).items()}
    if actor.holds("access-officer"):
        counts_by_key["locked"] = Account.objects.filter(locked__isnull=False).count()
        counts_by_key["feeds"] = FeedRun.objects.filter(state__in=["proposed", "stopped"]).count()
    return counts_by_key


def decided_departments(actor: Actor) -> frozenset[str]:
    """Codes of the departments for which this person decides, by office or by role."""
    return actor.departments | {h.department for h in actor.held if h.role == "authoriser" and h.department}


def department_of(actor: Actor, preferred: str) -> tuple[str, str] | None:
    """(code, name) of the requested department, else of the first one that the actor decides for."""
    codes = decided_departments(actor)
    wide = actor.holds("access-officer") or actor.holds("auditor")
    if preferred and (wide or preferred in codes):
        codes = frozenset({preferred})
    if not codes:
        return None
    return Department.objects.filter(code__in=codes, closed__isnull=True).order_by("name").values_list("code", "name").first()
