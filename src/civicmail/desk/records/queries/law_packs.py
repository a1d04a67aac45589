"""The law pack under which a request runs."""

from __future__ import annotations

from civicmail.city.law.pack import LawPack
from civicmail.city.law.shipped import shipped
from civicmail.desk.records.models import Request


def pack_of(request: Request) -> LawPack:
    """The pack of a request. Raises NotInPack."""
    return shipped(request.law)
