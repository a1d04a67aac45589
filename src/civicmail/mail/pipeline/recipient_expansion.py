"""Expand the recipients of an envelope by the snapshot: aliases, plus addresses, lists, and held mailboxes (M4). Pure.

The client's recipients are unchanged. A list is one capture with one body: its members follow as recipients that name the list, and
the copy for the list's own address is not delivered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from civicmail.city.policy import rule_keys
from civicmail.city.policy.delivery import Mode
from civicmail.city.policy.dispositions import Action
from civicmail.city.snapshot.snapshot import Snapshot
from civicmail.core.message.model import Envelope, Recipient
from civicmail.core.wire.errors import PathError
from civicmail.core.wire.paths import parse_path

LEFT_OUT = "list-member-closed"
CHECK = "check"


@dataclass(frozen=True, slots=True)
class ExpandedEnvelope:
    """settled: for each recipient whose copy is not simply delivered, what is done with it, and by which rule."""

    envelope: Envelope
    settled: dict[int, tuple[Action, str]]


def expand(envelope: Envelope, snapshot: Snapshot, modes: Callable[[str], Mode | None]) -> ExpandedEnvelope:
    """Expand an envelope. modes: of the department of an address; recipients that are not live stay as given."""
    people = _Recipients(snapshot)
    lists: list[str] = []
    for recipient in envelope.recipients:
        address = _plain(recipient.address)
        if modes(address) != "live":
            people.add(recipient, "")
        elif address in snapshot.groups:
            people.settle("kept", rule_keys.LISTED)
            people.add(recipient, "")
            lists.append(recipient.address)
        else:
            box = snapshot.mailbox_of(address)
            people.add_named(recipient, box.id if box is not None else "")
    for address in lists:
        for member in snapshot.groups[_plain(address)]:
            people.add_member(member, address)
    return ExpandedEnvelope(replace(envelope, recipients=tuple(people.recipients)), people.settled)


def is_forecast_request(envelope: Envelope, source: str, snapshot: Snapshot | None, modes: Callable[[str], Mode | None]) -> bool:
    """Whether a signed-in person requests a forecast: a recipient is check@, and the city has no such mailbox or list."""
    if source != "submission" or not envelope.login or snapshot is None:
        return False
    check_addresses = [
        a for r in envelope.recipients if (a := _plain(r.address)).partition("@")[0] == CHECK and modes(a) is not None
    ]
    return any(snapshot.mailbox_of(a) is None and a not in snapshot.groups for a in check_addresses)


def _plain(address: str) -> str:
    """An envelope address without quotes, lower case, so that no spelling evades the snapshot."""
    try:
        path = parse_path(address)
    except PathError:
        return address.lower()
    return f"{path.local}@{path.domain}".lower()


class _Recipients:
    def __init__(self, snapshot: Snapshot) -> None:
        self._boxes = snapshot.mailboxes
        self._at: dict[str, int] = {}
        self.recipients: list[Recipient] = []
        self.settled: dict[int, tuple[Action, str]] = {}
        self._left_out: set[str] = set()

    def add(self, recipient: Recipient, box: str) -> None:
        if box:
            self._at[box] = len(self.recipients)
            mailbox = self._boxes[box]
            if mailbox.state != "open":
                self.settle("hold", rule_keys.ACCESS_HELD if mailbox.state == "held" else rule_keys.ACCESS_CLOSED)
        self.recipients.append(recipient)

    def settle(self, do: Action, rule: str) -> None:
        """Set what is done with the copy of the next recipient."""
        self.settled[len(self.recipients)] = (do, rule)

    def add_named(self, recipient: Recipient, box: str) -> None:
        """Add a recipient named by the client; a second name of a mailbox gets no second copy."""
        recipient = replace(recipient, box=box if box != recipient.address.lower() else "")  # an equal one costs no bytes
        if box in self._at:
            self.settle("kept", rule_keys.SAME_MAILBOX)
            self.add(recipient, "")
        else:
            self.add(recipient, box)

    def add_member(self, box: str, address: str) -> None:
        """Add a list member. A closed mailbox gets no copy, and the record states that."""
        at, mailbox = self._at.get(box), self._boxes.get(box)
        if at is not None:
            if (there := self.recipients[at]).expanded:
                self.recipients[at] = replace(there, expanded=(*there.expanded, address))
        elif mailbox is not None and mailbox.state != "closed":
            self.add(Recipient(box, expanded=(address,)), box)
        elif box not in self._left_out:
            self._left_out.add(box)
            self.settle("kept", LEFT_OUT)
            self.add(Recipient(box, expanded=(address,)), "")
