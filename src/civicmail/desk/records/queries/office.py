"""Who answers for a request, as letters name them."""

from __future__ import annotations

from django.conf import settings

from civicmail.desk.records.models import Request
from civicmail.desk.records.queries import custodians


def office_facts(request: Request) -> dict[str, str]:
    """The facts that all letters about a request have: its number, custodian and contact."""
    return {
        "number": request.number,
        "custodian": request.custodian.display if request.custodian else settings.CITY.city.name,
        "contact": custodians.address() or settings.CITY.city.name,
    }
