"""Whose identity a display name claims, for the warning banner, for sender verification and for the caution before writing outside
(P-26, P-27). Pure.

    claim = identify(snapshot, "Mayor Dana Reyes")
    claim.people, claim.mailboxes    everybody who may be meant, and the city mailboxes whose addresses are in the name
    claim.mailbox(snapshot)          where to ask them; None for nobody or several
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from civicmail.city.snapshot.snapshot import Mailbox, Person, Snapshot
from civicmail.core.message.lookalike import AT_AND_DOT_LOOKALIKES, skeleton
from civicmail.mail.screening import staffnames

_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:@]+@[^\s<>()\[\]\"',;:@]+")


@dataclass(frozen=True, slots=True)
class ClaimedIdentity:
    """people: from the directory, by name; addresses: in the name, lower case, as displayed; mailboxes: of the city, with these
    addresses or with addresses that look like them in another alphabet."""

    people: tuple[Person, ...] = ()
    addresses: tuple[str, ...] = ()
    mailboxes: tuple[Mailbox, ...] = ()

    def mailbox(self, snapshot: Snapshot) -> Mailbox | None:
        """The open mailbox of the claimed person: by an address in the name, else by a name that one person alone has."""
        if self.mailboxes:
            return self.mailboxes[0] if len(self.mailboxes) == 1 and self.mailboxes[0].state == "open" else None
        if len({person.id for person in self.people}) != 1:
            return None
        boxes = (box for box in snapshot.mailboxes.values() if box.holder == self.people[0].id and box.kind == "personal")
        return next((box for box in boxes if box.state == "open"), None)


def displayed(name: str) -> str:
    """A display name as people see it."""
    return staffnames.visible(name[: staffnames.LONGEST]).translate(AT_AND_DOT_LOOKALIKES)


def identify(snapshot: Snapshot | None, name: str) -> ClaimedIdentity:
    """Whom a display name claims to be. snapshot: None where no directory is known."""
    name = name[: staffnames.LONGEST]
    addresses = tuple(dict.fromkeys(match[0].lower().rstrip(".") for match in _ADDRESS.finditer(displayed(name))))
    if snapshot is None:
        return ClaimedIdentity(addresses=addresses)
    mailboxes = {box.id: box for address in addresses if (box := _mailbox(snapshot, address)) is not None}
    return ClaimedIdentity(staffnames.people(snapshot, name), addresses, tuple(mailboxes.values()))


def _mailbox(snapshot: Snapshot, address: str) -> Mailbox | None:
    """The mailbox with this address, or with one that looks like it."""
    if (box := snapshot.mailbox_of(address)) is not None or address.isascii():
        return box
    domain = skeleton(address.rpartition("@")[2])
    if domain not in map(skeleton, snapshot.domains):
        return None
    look = skeleton(address)
    return next((snapshot.mailboxes.get(id_) for known, id_ in snapshot.by_address.items() if skeleton(known) == look), None)
