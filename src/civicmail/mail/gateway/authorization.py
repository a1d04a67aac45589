"""Checks of senders and recipients at this moment: who may still send, and which mailboxes accept mail (M4, M5, S1, L2; P-06,
promise 5).

Each check returns a rejecting reply, or an empty one if nothing forbids the act. Without a published snapshot nothing is forbidden,
because the installation has no people yet. With an unreadable or outdated snapshot the reply is 4xx: nobody is admitted then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from civicmail.city.identity.bars import MAX_OUTSIDE_RECIPIENTS
from civicmail.city.policy.delivery import Mode
from civicmail.city.snapshot.published_snapshot import MAX_INBOUND_AGE_MS, MAX_OUTBOUND_AGE_MS, SnapshotWatcher
from civicmail.city.snapshot.sender_alignment import may_relay
from civicmail.city.snapshot.sender_refusals import smtp_reply as refusal
from civicmail.city.snapshot.snapshot import Person, Snapshot
from civicmail.core.config.sentence import in_ascii
from civicmail.core.config.settings import Settings
from civicmail.core.wire.paths import Path as WirePath
from civicmail.mail.gateway.endpoints import Endpoint
from civicmail.mail.pipeline.recipient_expansion import CHECK

UNKNOWN = "550 5.1.1 There is no such mailbox"
CLOSED = "550 5.2.1 This mailbox takes no mail any more"
UNCERTAIN = "451 4.3.0 Who may use mail is not known for certain at this moment, please try again later"
ENDED = "550 5.7.1 Your access to the city's mail has ended (P-08)"
ONE_AT_A_TIME = "550 5.7.1 You write to one outside address at a time, by a decision that you were told (P-30)"
NO_MAILBOX = "550 5.7.1 You have no mailbox to send from: ask your department (P-04)"
SIGNED_OUT = "421 4.7.0 You were signed out: please sign in again"

_ALWAYS = frozenset({"postmaster", "abuse"})


@dataclass(frozen=True, slots=True)
class Member:
    """The person signed in on a connection, and the session epoch of that moment. device: empty after a sign-in by token."""

    person: str
    epoch: int
    device: str = ""

    @property
    def login(self) -> str:
        """How envelopes name them."""
        return f"{self.person}/{self.device or 'token'}"


class Authorization:
    """clock: ms since 1970; modes: of the department of an address."""

    def __init__(self, data: Path, settings: Settings, clock: Callable[[], int], modes: Callable[[str], Mode | None]) -> None:
        self.watch = SnapshotWatcher(data, clock)
        self._clock = clock
        self._modes = modes
        self._domains = frozenset(settings.city.domains)
        self._elsewhere = bool(settings.courier.elsewhere)

    @property
    def now(self) -> Snapshot | None:
        return self.watch.current

    # -- who sends

    def member(self, member: Member | None) -> Person | None:
        """The person who signed in, as the snapshot has them."""
        snapshot = self.watch.current
        return snapshot.people.get(member.person) if snapshot is not None and member is not None else None

    def may_send(self, member: Member | None) -> str:
        """Asked at every command that brings mail nearer, and before what came is kept (L2)."""
        if self.watch.current is None or member is None or not self.watch.is_fresh(MAX_OUTBOUND_AGE_MS):
            return UNCERTAIN
        person = self.member(member)
        if person is None:
            return ENDED
        if person.why:
            return with_why("550 5.7.1", person.why)
        if person.epoch != member.epoch or (member.device and all(d.id != member.device for d in person.devices)):
            return SIGNED_OUT
        now = self._clock()
        return "" if any(g.send and now < g.until for g in person.grants) else NO_MAILBOX

    def check_sender(self, door: Endpoint, path: WirePath, member: Member | None) -> str:
        """Check at MAIL that the member, or the peer, may use the return address."""
        if door.kind == "submission":
            return self.may_send(member) or self._own_sender(path, member)
        if door.kind != "relay":
            return ""
        if not may_relay(path.raw, door.senders):
            return refusal("envelope-out-of-scope")
        if path.domain not in self._domains:
            return ""
        if self.watch.is_unreadable or not self.watch.is_fresh(MAX_OUTBOUND_AGE_MS):
            return UNCERTAIN
        snapshot = self.watch.current
        mailbox = snapshot.mailbox_of(_plain(path)) if snapshot is not None else None
        if mailbox is None or mailbox.state == "open" or self._modes(mailbox.id) != "live":
            return ""
        return with_why("550 5.7.1", mailbox.why) if mailbox.why else ENDED

    def _own_sender(self, path: WirePath, member: Member | None) -> str:
        snapshot, person = self.watch.current, self.member(member)
        assert snapshot is not None and person is not None
        if path.is_null:
            return ""  # of a confirmation (RFC 8098, 3; RFC 6409, 3.2): From says whose, and is checked
        return "" if snapshot.grant(person, path.raw, self._clock()) is not None else refusal("envelope-not-yours")

    def check_outside(self, member: Member | None, path: WirePath, before: int) -> str:
        """Check at RCPT that a restricted person writes to one outside address at a time (P-30, decision 0039). before: number of
        outside recipients that the message has already."""
        if before < MAX_OUTSIDE_RECIPIENTS or path.domain in self._domains:
            return ""
        person = self.member(member)
        return ONE_AT_A_TIME if person is not None and person.restricted else ""

    # -- whom it reaches

    def check_recipient(self, kind: str, path: WirePath) -> str:
        """RCPT: the mailbox is there and takes mail."""
        if kind == "journal" or path.domain not in self._domains or path.local.lower() in _ALWAYS:
            return ""
        snapshot = self.watch.current
        if snapshot is None:
            return UNCERTAIN if self.watch.is_unreadable else ""
        if not self.watch.is_fresh(MAX_INBOUND_AGE_MS):
            return UNCERTAIN
        address = _plain(path)
        if self._modes(address) != "live" or address in snapshot.groups:
            return ""
        mailbox = snapshot.mailbox_of(address)
        if mailbox is None and kind == "submission" and path.local.lower() == CHECK:
            return ""
        if mailbox is None:
            return "" if self._elsewhere else UNKNOWN
        if mailbox.state == "closed":
            return with_why("550 5.2.1", mailbox.why) if mailbox.why else CLOSED
        return ""


def with_why(code: str, why: str) -> str:
    """A sentence of the directory as a reply."""
    return f"{code} {in_ascii(why)}"


def _plain(path: WirePath) -> str:
    """The address without quotes, lower case."""
    return f"{path.local}@{path.domain}".lower()
