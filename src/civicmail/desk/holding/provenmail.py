"""Addresses from which earlier mail came to somebody and was proven to come from its domain: by these a sender may be asked whom
the directory does not have (P-27). Their own mail alone is looked through, by who it is from and what was recorded of it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator

from civicmail.city.access.permits import Permit
from civicmail.desk.holding.channels import Earlier
from civicmail.desk.mailbox import finding
from civicmail.desk.mailbox.cautions import folded
from civicmail.desk.mailbox.finding import Asked, Desk
from civicmail.mail.screening.correspondents import Correspondents
from civicmail.mail.screening.known import is_proven

_NAMED = re.compile(r"\A(.*?)\s*<([^<>]*)>\Z", re.DOTALL)
_PLAIN = re.compile(r"[\w.@&'+ -]{2,100}\Z")
"""What may stand in a query between quotes."""


def earlier_of(desk: Desk, before: int, known: Correspondents | None) -> Earlier:
    """Of what the desk's person received before (ms). Newest first. known: whom the city has written to, so that nobody prepares an
    answer by writing twice; None where nobody keeps that."""

    def look(name: str, domain: str) -> Iterator[str]:
        for words, by_name in ((f'from:"{name}"', True), (f"from:{domain}", False)):
            if not _PLAIN.match(name if by_name else domain):
                continue
            for row in finding.page(desk, Asked(words, "received")).rows:
                said, address = _parts(row.hit.from_)
                fits = folded(said) == folded(name) if by_name else address.rpartition("@")[2] == domain
                if (
                    fits
                    and row.hit.received < before
                    and _is_known(known, address)
                    and _proven(desk, desk.permit, row.hit.id, address)
                ):
                    yield address

    return look


def _proven(desk: Desk, permit: Permit, capture: str, address: str) -> bool:
    place = desk.archive.place(uuid.UUID(capture).bytes)
    return place is not None and is_proven(address, desk.archive.capture(permit, place).facts)


def _is_known(known: Correspondents | None, address: str) -> bool:
    return known is None or known.is_known(address)


def _parts(shown: str) -> tuple[str, str]:
    match = _NAMED.match(shown)
    return (match[1].strip('" '), match[2].lower()) if match else ("", shown.strip().lower())
