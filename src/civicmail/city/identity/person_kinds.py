"""Kinds of people, and what differs between them. Pure.

employee, contractor, vendor, agent, volunteer, board (members of boards and commissions), elected.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

MAX_AUTHORIZATION = timedelta(days=365)
"""The longest authorization."""


@dataclass(frozen=True, slots=True)
class PersonKind:
    """contract: works under a contract of an agency, and access ends with it at the latest (P-09); personal_use: a department may
    permit some incidental personal use (P-10); constituents: writes to constituents, which is not reviewed (P-12); silenced: may
    lose mail access after violations; elected officials are restricted at most (P-30, decision 0039); ladder: the table of
    consequences that is proposed (conduct/strikes.toml)."""

    contract: bool = False
    personal_use: bool = True
    constituents: bool = False
    silenced: bool = True
    ladder: str = "staff"


_CONTRACTED = PersonKind(contract=True, personal_use=False, ladder="outside")
PERSON_KINDS: dict[str, PersonKind] = {
    "employee": PersonKind(),
    "contractor": _CONTRACTED,
    "vendor": _CONTRACTED,
    "agent": _CONTRACTED,
    "volunteer": PersonKind(),
    "board": PersonKind(),
    "elected": PersonKind(constituents=True, silenced=False, ladder="elected"),
}
NEVER_SILENCED: tuple[str, ...] = tuple(kind for kind, d in PERSON_KINDS.items() if not d.silenced)


SPONSOR_GRACE_DAYS = 7
"""Days after the day on which a contract's sponsor leaves, in which another one is named, or access under it ends (C1)."""


def latest_end(kind: str, now: datetime, contract_ends: date | None, sponsor_left: date | None = None) -> datetime:
    """The latest end of an authorization given now: a year away, the end of the contract's last day, or the last day for which a
    contract continues without its sponsor (M2, C1). now: in the city's time zone, for its midnight."""
    latest_allowed = now + MAX_AUTHORIZATION
    if not PERSON_KINDS[kind].contract:
        return latest_allowed
    without = sponsor_left + timedelta(days=SPONSOR_GRACE_DAYS) if sponsor_left is not None else None
    days = [day for day in (contract_ends, without) if day is not None]
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return min([latest_allowed, *(midnight + timedelta(days=(day - now.date()).days + 1) for day in days)])
