"""Earlier senders to a person whose mail was proven to come from its domain; at these addresses an unknown sender can be asked
(P-27).

Only the person's own mail is searched, by its From and its recorded facts.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence

from civicmail.city.guard.permits import Permit
from civicmail.desk.holding.verification_channels import FindEarlier
from civicmail.desk.mailbox import mail_list
from civicmail.desk.mailbox.cautions import folded
from civicmail.desk.mailbox.mail_list import PER_PAGE, ListQuery, MailContext
from civicmail.mail.screening.correspondents import Correspondents
from civicmail.mail.screening.known_senders import is_proven
from civicmail.mail.search.order import Sort
from civicmail.mail.search.search import Hit, search

_NAMED = re.compile(r"\A(.*?)\s*<([^<>]*)>\Z", re.DOTALL)
_PLAIN = re.compile(r"[\w.@&'+ -]{2,100}\Z")
"""Characters allowed between quotes in a query."""


def find_earlier(desk: MailContext, before: int, known: Correspondents | None) -> FindEarlier:
    """Search mail that the person received before (ms). The claimed domain comes first, because only its owner can prove it: the
    same name, then the newest. An attacker may prepare an address elsewhere under the same name, so the oldest come first there.
    known: addresses that the city wrote to, so that an attacker cannot prepare an answer by writing twice; None if they are not
    recorded."""

    def find(name: str, domain: str) -> Iterator[str]:
        candidates = [*_from_domain(desk, name, domain), *_under_name(desk, name)]
        for address, hit in candidates:
            if hit.received < before and _is_known(known, address) and _is_proven(desk, desk.permit, hit.id, address):
                yield address

    return find


def _from_domain(desk: MailContext, name: str, domain: str) -> list[tuple[str, Hit]]:
    if not _PLAIN.match(domain):
        return []
    hits = [(*_name_and_address(hit.from_), hit) for hit in _received(desk, f"from:{domain}", "newest")]
    from_domain = [one for one in hits if one[1].rpartition("@")[2] == domain]
    return [(address, hit) for _, address, hit in sorted(from_domain, key=lambda candidate: folded(candidate[0]) != folded(name))]


def _under_name(desk: MailContext, name: str) -> list[tuple[str, Hit]]:
    if not _PLAIN.match(name):
        return []
    hits = [(*_name_and_address(hit.from_), hit) for hit in _received(desk, f'from:"{name}"', "oldest")]
    return [(address, hit) for name_shown, address, hit in hits if folded(name_shown) == folded(name)]


def _received(desk: MailContext, words: str, order: Sort) -> Sequence[Hit]:
    desk.waiting.refresh(desk.now)
    tree, _ = mail_list.query_tree(desk, ListQuery(words, "received"), mail_list.delivered_since(desk))
    return search(desk.reader, tree, limit=PER_PAGE, sort=order, scored=False).hits


def _is_proven(desk: MailContext, permit: Permit, capture: str, address: str) -> bool:
    place = desk.archive.place(uuid.UUID(capture).bytes)
    return place is not None and is_proven(address, desk.archive.capture(permit, place).facts)


def _is_known(known: Correspondents | None, address: str) -> bool:
    return known is None or known.is_known(address)


def _name_and_address(shown: str) -> tuple[str, str]:
    match = _NAMED.match(shown)
    return (match[1].strip('" '), match[2].lower()) if match else ("", shown.strip().lower())
