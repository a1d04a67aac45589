"""The law pack of a request: the one in force when it came in, which decides it to its end (P-21)."""

from __future__ import annotations

from datetime import date, datetime

from django.utils import timezone

from civicmail.city.law import adopted
from civicmail.city.law.errors import NoPack, NotInForce, NotInPack, NotVerified
from civicmail.city.law.pack import LawPack
from civicmail.core.config.log import get_logger
from civicmail.desk.records.models import Request
from civicmail.desk.viewer.queries import installation

log = get_logger()


def pack_of(request: Request) -> LawPack:
    """The pack under which a request runs. Raises NoPack before the city has adopted one, NotInPack, NotVerified."""
    if not request.law:
        return adopted.in_force(installation(), local_day(request.received))
    return adopted.version(installation(), request.law, request.law_version)


def pack_or_none(request: Request) -> LawPack | None:
    """The same, for pages that show a request also while no law pack can be used."""
    try:
        return pack_of(request)
    except (NoPack, NotInForce, NotInPack, NotVerified):
        return None


def in_force(day: date) -> LawPack | None:
    """The pack of a new request; None where there is none: the request is taken all the same."""
    try:
        return adopted.in_force(installation(), day)
    except (NoPack, NotInForce, NotVerified) as error:
        log.error("a request has no law pack", error=str(error))
        return None


def local_day(at: datetime) -> date:
    """The day of the city in which this moment lies."""
    return timezone.localdate(at)
