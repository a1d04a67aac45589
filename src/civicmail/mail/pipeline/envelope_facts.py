"""Rule facts about envelope and people, before anybody reads the message (city/policy/facts.py). Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from civicmail.city.policy.delivery import Mode
from civicmail.city.policy.dispositions import Facts, FactValue
from civicmail.city.snapshot.snapshot import Mailbox, Person, Snapshot
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.screening.screener import is_inbound

Modes = Callable[[str], Mode | None]
"""The mode of an address's department; None outside the city."""


def of_message(envelope: Envelope, source: str, size: int, snapshot: Snapshot | None, modes: Modes) -> dict[str, FactValue]:
    """Facts for all copies. source: kind of listener."""
    sender = envelope.sender.lower()
    facts: dict[str, FactValue] = {
        "source": source,
        "inbound": is_inbound(source, envelope),
        "sender.address": sender,
        "sender.domain": sender.rpartition("@")[2],
        "message.size": size,
        "message.recipients": sum(not recipient.expanded for recipient in envelope.recipients),
        "message.outside": sum(modes(recipient.address) is None for recipient in envelope.recipients),
    }
    if source == "relay":
        facts["sender.machine"] = True
    person = _person(envelope, snapshot)
    if person is not None:
        facts["sender.machine"] = person.machine
        facts["sender.kind"] = "" if person.machine else person.kind
        facts["sender.department"] = _department(person, sender, snapshot)
        facts["sender.personal_use"] = "limited" if person.may_personally(envelope.received) else "none"
    return facts


def of_recipient(recipient: Recipient, snapshot: Snapshot | None, modes: Modes, at: int) -> dict[str, FactValue]:
    """Facts of one copy. at: epoch ms of the receipt."""
    address = recipient.address.lower()
    outbound = modes(recipient.address) is None
    facts: dict[str, FactValue] = {
        "recipient.address": address,
        "recipient.domain": address.rpartition("@")[2],
        "recipient.inside": not outbound,
        "outbound": outbound,
    }
    box = _mailbox(recipient, snapshot)
    if box is not None:
        facts["recipient.department"] = box.department
        facts["recipient.invites"] = at < box.files_until
    return facts


def joined(facts: Facts, more: Mapping[str, Facts], recipient: Recipient) -> dict[str, FactValue]:
    """Facts of a copy combined with the checks' facts about its recipient. more: by lower-case address."""
    return {**facts, **more.get(recipient.address.lower(), {})}


def _person(envelope: Envelope, snapshot: Snapshot | None) -> Person | None:
    """The signed-in person, from the current snapshot."""
    if snapshot is None or not envelope.login:
        return None
    return snapshot.people.get(envelope.login.partition("/")[0])


def _department(person: Person, sender: str, snapshot: Snapshot | None) -> str:
    """The department of the mailbox it was sent from, else of the sender's own one."""
    assert snapshot is not None
    box = snapshot.mailbox_of(sender)
    if box is None:
        own = next((grant.mailbox for grant in person.grants if grant.role == "holder"), "")
        box = snapshot.mailboxes.get(own)
    return box.department if box is not None else ""


def _mailbox(recipient: Recipient, snapshot: Snapshot | None) -> Mailbox | None:
    return snapshot.mailbox_of(recipient.box or recipient.address) if snapshot is not None else None
