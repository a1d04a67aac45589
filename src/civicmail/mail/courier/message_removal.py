"""Remove a delivered copy from its mailbox, and restore it (P-31). The archive never changes.

    removal = MessageRemoval(settings, data, clock)
    removal.take(id_, index, RemovalRequest(pull="7", actor="e-17", reason="a fraud"))    -> "taken"
    removal.put_back(id_, index, RemovalRequest(…))                                       -> "back"

The record of a copy's place is durable before the copy is removed, so that another process can continue after a crash; from that
record on, My mail no longer shows the copy. A restored copy is made from the archive and its delivery record, byte for byte, with
its flags, folder and time. Errors are OSError and CivicmailError: then nothing is lost, and the caller tries again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from civicmail.city.directory.modes import Modes
from civicmail.core.config.settings import Settings
from civicmail.mail.archive.commit import SHORT_FILE, Writer
from civicmail.mail.archive.copies import Copy
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Capture, Event, Type
from civicmail.mail.courier.hops import Routes
from civicmail.mail.courier.imap_mailboxes import ImapServer
from civicmail.mail.courier.mailbox_copies import CopyLocation, MailboxStore, MaildirStore
from civicmail.mail.courier.rendering import as_sent

Outcome = Literal["taken", "gone", "elsewhere", "stopped", "nothing", "back"]
"""taken: out of its mailbox; gone: its owner had removed it; elsewhere: it is in an unreachable system, and only My mail hides it;
stopped: it was not delivered yet, and is held; nothing: there is no such copy; back: restored."""


@dataclass(frozen=True, slots=True)
class RemovalRequest:
    """pull: number of the act; actor: who decided it; reason: in words."""

    pull: str
    actor: str
    reason: str

    def plain(self) -> dict[str, Any]:
        return {"pull": self.pull, "actor": self.actor, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class DeliveredCopy:
    """One copy according to its records. delivered: the last delivery event."""

    capture: Capture
    copy: Copy
    delivered: Event | None
    pulled: Event | None

    @property
    def mailbox(self) -> str:
        return str(self.delivered.facts.get("mailbox", "") if self.delivered else "") or self.copy.target


class MessageRemoval:
    """One thread at a time; `rest` after a round. clock: ms."""

    def __init__(self, settings: Settings, data: Path, clock: Callable[[], int]) -> None:
        courier = settings.courier
        self._data, self._clock = data, clock
        self._machine = Machine(data)
        self._routes = Routes(settings, Modes(settings, data))
        self._folders = MaildirStore(data)
        self._writer: Writer | None = None
        self._boxes: MailboxStore | None = None
        if courier.imap:
            self._boxes = ImapServer(courier.imap, courier.imap_user, courier.imap_key_file, courier.tls_ca)

    def remove(self, id_: bytes, index: int, request: RemovalRequest) -> Outcome:
        """Twice is once. Raises NotInArchive, DamagedFile, OSError, LaterError."""
        state = self._delivered_copy(id_, index)
        if state.copy.is_waiting:
            self._write(Event(Type.HELD, id_, self._clock(), (index,), {"reason": request.reason, "actor": request.actor}))
            return "stopped"
        if state.delivered is None or (state.copy.is_pulled and state.pulled and state.pulled.facts["pull"] != request.pull):
            return "nothing"
        store = self._store_of(state.mailbox)
        if store is None:
            self._record(state, state.delivered, index, request, [])
            return "elsewhere"
        with store.open(state.mailbox) as box:
            locations = box.find(state.capture.uuid, state.delivered.at)
            known = self._record(state, state.delivered, index, request, locations)
            if locations:
                box.remove(locations)
        return "taken" if locations or known else "gone"

    def _record(
        self, state: DeliveredCopy, delivered: Event, index: int, request: RemovalRequest, locations: list[CopyLocation]
    ) -> list[CopyLocation]:
        """Record the copy's place. If an earlier process began and died, its record counts and is returned."""
        if not state.copy.is_pulled:
            facts = {"mailbox": state.mailbox, "delivered": delivered.at, "lying": [place.plain() for place in locations]}
            self._write(Event(Type.PULLED, state.capture.id, self._clock(), (index,), request.plain() | facts))
        elif state.pulled is not None:
            return [CopyLocation.from_plain(place) for place in state.pulled.facts["lying"]]
        return []

    def restore(self, id_: bytes, index: int, request: RemovalRequest) -> Outcome:
        """Undo what `take` has done under the same number. Raises as it does."""
        state = self._delivered_copy(id_, index)
        if state.copy.is_held and state.delivered is None:
            self._write(Event(Type.RELEASED, id_, self._clock(), (index,), {"reason": request.reason, "actor": request.actor}))
            return "back"
        if (
            not state.copy.is_pulled
            or state.pulled is None
            or state.delivered is None
            or state.pulled.facts["pull"] != request.pull
        ):
            return "nothing"
        places = [CopyLocation.from_plain(place) for place in state.pulled.facts["lying"]]
        if places and (live := self._store_of(state.mailbox)) is not None:
            content = as_sent((self._machine.body(id_),), state.delivered.facts)
            with live.open(state.mailbox) as box:
                if not box.find(state.capture.uuid, state.delivered.at):
                    for place in places:
                        box.put(place, content, state.capture.uuid)
        facts = {key: state.pulled.facts[key] for key in ("mailbox", "delivered", "lying")}
        self._write(Event(Type.PULLED, id_, self._clock(), (index,), request.plain() | facts | {"back": 1}))
        return "back"

    def _delivered_copy(self, id_: bytes, index: int) -> DeliveredCopy:
        self._machine.refresh()
        capture = self._machine.capture(id_)
        mine = [event for event in self._machine.events(id_) if index in event.to]
        recipient = capture.envelope.recipients[index]
        copy = Copy(recipient.box or recipient.address, next((d.do for d in capture.dispositions if d.to == index), "kept"))
        for event in mine:
            copy.apply(event.type, event.at, event.facts, (event.journal, event.number))
        last = {event.type: event for event in mine}
        return DeliveredCopy(capture, copy, last.get(Type.DELIVERED), last.get(Type.PULLED))

    def _store_of(self, mailbox: str) -> MailboxStore | None:
        """The store of the mailbox; None if it cannot be reached."""
        hop = self._routes.hop_for(mailbox)
        if hop is not None and hop.kind == "maildir":
            return self._folders
        return self._boxes if hop is not None and hop.kind == "lmtp" else None

    def _write(self, event: Event) -> None:
        """Durable on return. The journal stays open for the next copy."""
        if self._writer is None:
            self._writer = Writer(self._data, self._clock, file_size=SHORT_FILE)
        self._writer.event(event)
        self._writer.flush()

    def close_journal(self) -> None:
        """Release the journal when no work remains, so that others can use it."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
