"""By which address the one whom a message claims to be from can be asked, never by one that only the message itself gives (P-27).

A colleague is asked at their mailbox in the city, as the directory has it. Somebody outside is asked at an address from which
earlier mail came to the same reader and was proven to come from its domain, under the same name or from the same domain; the
message's own addresses are none. Knows no Django; pure but for `earlier`, which looks through the reader's mail.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from civicmail.city.access.snapshot import Mailbox, Snapshot
from civicmail.core.message.model import ParsedMessage
from civicmail.mail.screening.claimed_identity import identify
from civicmail.mail.screening.consumer_domains import is_consumer
from civicmail.mail.screening.domains import a_labels

FindEarlier = Callable[[str, str], Iterable[str]]
"""(name, domain) -> addresses of earlier proven mail with this name or from this domain; "" asks for neither."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Who a message says that it is from, and every address by which it wants to be answered, lower case."""

    name: str
    address: str
    own: frozenset[str]


@dataclass(frozen=True, slots=True)
class Channel:
    """name: of a colleague, as the directory has it; "" outside."""

    address: str
    inside: bool
    name: str = ""


def claim_of(header: ParsedMessage, return_path: str) -> Claim:
    """read: the header; returned: the return address of the envelope."""
    first = header.from_[0] if header.from_ else None
    addresses = {a.addr.lower() for a in (*header.from_, *header.sender, *header.reply_to, *header.to, *header.cc)}
    return Claim(
        first.display.strip() if first is not None else "",
        first.addr.lower() if first is not None else "",
        frozenset({*addresses, return_path.lower()} - {""}),
    )


def find_channel(
    claim: Claim, reader: str, people: Snapshot | None, domains: Collection[str], earlier: FindEarlier
) -> Channel | None:
    """None where nobody can be asked. reader: uid of whoever asks; domains: of the city."""
    colleague = _colleague(claim, people, domains) if people is not None else None
    if colleague is not None:
        return Channel(colleague.id, True, colleague.name) if colleague.holder != reader else None
    domain = claim.address.rpartition("@")[2]
    if not domain or domain in domains:
        return None
    shared = is_consumer(a_labels(domain))
    for address in earlier(claim.name, "" if shared else domain):
        if address.lower() not in claim.own and address.rpartition("@")[2].lower() not in domains:
            return Channel(address.lower(), False)
    return None


def _colleague(claim: Claim, people: Snapshot, domains: Collection[str]) -> Mailbox | None:
    """By the address where it is the city's, else whom the name claims to be, as the warning above the message reads it."""
    if claim.address.rpartition("@")[2] in domains:
        box = people.mailbox_of(claim.address)
        return box if box is not None and box.state == "open" else None
    return identify(people, claim.name).mailbox(people)
