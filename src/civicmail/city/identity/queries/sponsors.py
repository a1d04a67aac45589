"""Sponsors, and contracts without one (C1)."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from django.db.models import Max

from civicmail.city.directory.models import Contract, Episode, Person


class SponsorlessContract(NamedTuple):
    """A contract that runs, and the day on which its sponsor left."""

    contract: Contract
    left: date


def sponsor_left(contract: Contract) -> date | None:
    """The day on which the contract's sponsor left; None while the sponsor works for the city, and if there never was one."""
    if contract.sponsor_id is None or Episode.objects.filter(person=contract.sponsor_id, ended__isnull=True).exists():
        return None
    last_day: date | None = Episode.objects.filter(person=contract.sponsor_id).aggregate(day=Max("ended"))["day"]
    return last_day


def sponsorless_contracts(today: date) -> list[SponsorlessContract]:
    """Contracts that run, whose sponsor has left. Two queries."""
    rows = Contract.objects.filter(ends__gte=today, sponsor__isnull=False)
    rows = rows.exclude(sponsor__in=Episode.objects.filter(ended__isnull=True).order_by().values("person"))
    contracts = list(rows.select_related("sponsor", "agency").order_by("id"))
    ends = Episode.objects.filter(person__in=[c.sponsor_id for c in contracts]).order_by().values("person")
    days = dict(ends.annotate(day=Max("ended")).values_list("person", "day"))
    return [SponsorlessContract(c, days[c.sponsor_id]) for c in contracts if c.sponsor_id in days]


def answers_for_anybody(person: Person) -> bool:
    """Whether a person is the sponsor of people who work here now."""
    return Episode.objects.filter(ended__isnull=True, contract__sponsor=person).exists()
