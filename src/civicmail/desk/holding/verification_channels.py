"""Choose the address at which a claimed sender can be asked, never one that only the message itself contains (P-27).

A colleague is asked at their mailbox in the directory. Someone outside is asked at an address whose earlier mail to the same reader
was proven to come from its domain. Without Django; pure except for FindEarlier, which searches the reader's mail.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from civicmail.city.snapshot.snapshot import Mailbox, Snapshot
from civicmail.core.message.model import ParsedMessage
from civicmail.mail.screening.claimed_identity import identify
from civicmail.mail.screening.consumer_domains import is_consumer
from civicmail.mail.screening.domains import a_labels

FindEarlier = Callable[[str, str], Iterable[str]]
"""(name, domain) -> addresses of earlier proven mail with this name or from this domain; "" searches for neither."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The claimed sender of a message, and every address that the message gives for a reply, lower case."""

    name: str
    address: str
    own: frozenset[str]


@dataclass(frozen=True, slots=True)
class Channel:
    """name: of a colleague in the directory; "" outside."""

    address: str
    inside: bool
    name: str = ""


def claim_of(header: ParsedMessage, return_path: str) -> Claim:
    """header: the parsed header; return_path: of the envelope."""
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
    """The address for the question; None if the sender cannot be asked. reader: uid of the requester; domains: of the city."""
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
    """By the address if it is the city's, else by the name, read like the warning banner does."""
    if claim.address.rpartition("@")[2] in domains:
        box = people.mailbox_of(claim.address)
        return box if box is not None and box.state == "open" else None
    return identify(people, claim.name).mailbox(people)
