"""Addresses from which earlier mail came to somebody and was proven to come from its domain: by these a sender may be asked whom
the directory does not have (P-27). Their own mail alone is looked through, by who it is from and what was recorded of it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence

from civicmail.city.access.permits import Permit
from civicmail.desk.holding.channels import Earlier
from civicmail.desk.mailbox import finding
from civicmail.desk.mailbox.cautions import folded
from civicmail.desk.mailbox.finding import PER_PAGE, Asked, Desk
from civicmail.mail.screening.correspondents import Correspondents
from civicmail.mail.screening.known import is_proven
from civicmail.mail.search.order import Sort
from civicmail.mail.search.search import Hit, search

_NAMED = re.compile(r"\A(.*?)\s*<([^<>]*)>\Z", re.DOTALL)
_PLAIN = re.compile(r"[\w.@&'+ -]{2,100}\Z")
"""What may stand in a query between quotes."""


def earlier_of(desk: Desk, before: int, known: Correspondents | None) -> Earlier:
    """Of what the desk's person received before (ms). From the claimed domain first, which nobody else proves: under the same name,
    then the newest. An address elsewhere under the same name anybody may have prepared, so of these the oldest come first. known:
    whom the city has written to, so that nobody prepares an answer by writing twice; None where nobody keeps that."""

    def look(name: str, domain: str) -> Iterator[str]:
        found = [*_from_domain(desk, name, domain), *_under_name(desk, name)]
        for address, hit in found:
            if hit.received < before and _is_known(known, address) and _proven(desk, desk.permit, hit.id, address):
                yield address

    return look


def _from_domain(desk: Desk, name: str, domain: str) -> list[tuple[str, Hit]]:
    if not _PLAIN.match(domain):
        return []
    found = [(*_parts(hit.from_), hit) for hit in _received(desk, f"from:{domain}", "newest")]
    there = [one for one in found if one[1].rpartition("@")[2] == domain]
    return [(address, hit) for _, address, hit in sorted(there, key=lambda one: folded(one[0]) != folded(name))]


def _under_name(desk: Desk, name: str) -> list[tuple[str, Hit]]:
    if not _PLAIN.match(name):
        return []
    found = [(*_parts(hit.from_), hit) for hit in _received(desk, f'from:"{name}"', "oldest")]
    return [(address, hit) for said, address, hit in found if folded(said) == folded(name)]


def _received(desk: Desk, words: str, order: Sort) -> Sequence[Hit]:
    desk.waiting.look(desk.now)
    tree, _ = finding.wanted(desk, Asked(words, "received"), finding.delivered_since(desk))
    return search(desk.reader, tree, limit=PER_PAGE, sort=order, scored=False).hits


def _proven(desk: Desk, permit: Permit, capture: str, address: str) -> bool:
    place = desk.archive.place(uuid.UUID(capture).bytes)
    return place is not None and is_proven(address, desk.archive.capture(permit, place).facts)


def _is_known(known: Correspondents | None, address: str) -> bool:
    return known is None or known.is_known(address)


def _parts(shown: str) -> tuple[str, str]:
    match = _NAMED.match(shown)
    return (match[1].strip('" '), match[2].lower()) if match else ("", shown.strip().lower())
