"""What is different between kinds of people. The one table: where it says nothing else, all are treated alike. Pure.

employee, contractor, vendor, agent, volunteer, board (members of boards and commissions), elected.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

MOST = timedelta(days=365)
"""The longest authorisation."""


@dataclass(frozen=True, slots=True)
class Difference:
    """contract: is here under a contract of an agency, and access ends with that at the latest (P-09); personal_use: a department
    may allow some incidental personal use (P-10); constituents: writes to those who elected them, which nobody reviews (P-12)."""

    contract: bool = False
    personal_use: bool = True
    constituents: bool = False


_OUTSIDE = Difference(contract=True, personal_use=False)
DIFFERENCES: dict[str, Difference] = {
    "employee": Difference(),
    "contractor": _OUTSIDE,
    "vendor": _OUTSIDE,
    "agent": _OUTSIDE,
    "volunteer": Difference(),
    "board": Difference(),
    "elected": Difference(constituents=True),
}


def latest(kind: str, now: datetime, contract_ends: date | None) -> datetime:
    """Until when somebody may be authorised now at the latest: for a year, or to the end of the contract's last day (M2). now: in
    the city's time zone, whose midnight it is."""
    most = now + MOST
    if not DIFFERENCES[kind].contract or contract_ends is None:
        return most
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return min(most, midnight + timedelta(days=(contract_ends - now.date()).days + 1))
