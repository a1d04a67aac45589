"""The people of agencies who work here now, each with the sponsor of their contract (P-09; C1)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import OuterRef, Q, QuerySet

from civicmail.city.conduct.models import Violation
from civicmail.city.conduct.violation_states import OPEN
from civicmail.city.directory.models import Episode, Person
from civicmail.city.identity.queries import sponsors
from civicmail.city.identity.queries.office import ENDS_SOON, counted

STATES = ("open", "owed", "alone", "soon", "over")
"""An open violation; a missing compliance agreement; no sponsor, or one who left; a contract that ends within 30 days; an ended
contract."""


def rows(of: Person | None = None) -> QuerySet[Any]:
    """Episodes with `violations`: how many open ones the person has. of: only people whom this person sponsors."""
    episodes = Episode.objects.filter(ended__isnull=True, contract__isnull=False)
    if of is not None:
        episodes = episodes.filter(contract__sponsor=of)
    mine = Violation.objects.filter(person=OuterRef("person"), state__in=OPEN).order_by().values("person")
    return episodes.annotate(violations=counted(mine))


def left(today: date) -> dict[int, date]:
    """Contracts (ids of rows) that run and whose sponsor left, with the day of that. Two queries."""
    return {alone.contract.pk: alone.left for alone in sponsors.sponsorless_contracts(today)}


def in_state(episodes: QuerySet[Any], state: str, today: date, owing: dict[int, bool]) -> QuerySet[Any]:
    """The people to whom one of STATES applies. owing: agency (id of the row) -> whether its compliance agreement is missing."""
    if state == "open":
        return episodes.filter(violations__gt=0)
    if state == "owed":
        return episodes.filter(contract__agency__in=[agency for agency, owes in owing.items() if owes])
    if state == "alone":
        return episodes.filter(Q(contract__sponsor__isnull=True) | Q(contract__in=list(left(today))))
    if state == "soon":
        return episodes.filter(contract__ends__gte=today, contract__ends__lte=today + ENDS_SOON)
    return episodes.filter(contract__ends__lt=today)
