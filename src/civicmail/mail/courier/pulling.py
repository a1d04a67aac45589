"""Taking a delivered copy back out of its mailbox, and putting it back (P-31). The archive is not touched by either.

    pulling = Pulling(settings, data, clock)
    pulling.take(id_, index, Said(pull="7", actor="e-17", reason="a fraud"))    -> "taken"
    pulling.put_back(id_, index, Said(…))                                       -> "back"

The record that says where the copy lay is durable before it is removed, so that whoever dies in between goes on; from that record
on My mail does not show it any more. What goes back is made from the archive and the record of its delivery, byte for byte what
had left, with its flags, folder and time. Errors are OSError and CivicmailError: then nothing is lost, and it is tried again.
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
from civicmail.mail.courier import bell
from civicmail.mail.courier.hops import Routes
from civicmail.mail.courier.imapboxes import Boxes
from civicmail.mail.courier.leaving import as_sent
from civicmail.mail.courier.lying import Folders, Live, Lying

Outcome = Literal["taken", "gone", "elsewhere", "stopped", "nothing", "back"]
"""taken: it is out of its mailbox; gone: its owner had removed it; elsewhere: it lies in a system that we cannot ask, and only My
mail does not show it; stopped: it was not delivered yet, and is held; nothing: there is no such copy; back: as it was before."""


@dataclass(frozen=True, slots=True)
class Said:
    """pull: number of the act; actor: who decided it; reason: in words."""

    pull: str
    actor: str
    reason: str

    def plain(self) -> dict[str, Any]:
        return {"pull": self.pull, "actor": self.actor, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Told:
    """One copy as its records tell of it. delivered: the last event that says so."""

    capture: Capture
    copy: Copy
    delivered: Event | None
    pulled: Event | None

    @property
    def mailbox(self) -> str:
        return str(self.delivered.facts.get("mailbox", "") if self.delivered else "") or self.copy.target


class Pulling:
    """One thread at a time; `rest` after a round. clock: ms."""

    def __init__(self, settings: Settings, data: Path, clock: Callable[[], int]) -> None:
        courier = settings.courier
        self._data, self._clock = data, clock
        self._machine = Machine(data)
        self._routes = Routes(settings, Modes(settings, data))
        self._folders = Folders(data)
        self._writer: Writer | None = None
        self._boxes: Live | None = None
        if courier.imap:
            self._boxes = Boxes(courier.imap, courier.imap_user, courier.imap_key_file, courier.tls_ca)

    def take(self, id_: bytes, index: int, said: Said) -> Outcome:
        """Twice is once. Raises NotInArchive, DamagedFile, OSError, LaterError."""
        told = self._told(id_, index)
        if told.copy.is_waiting:
            self._write(Event(Type.HELD, id_, self._clock(), (index,), {"reason": said.reason, "actor": said.actor}))
            return "stopped"
        if told.delivered is None or (told.copy.is_pulled and told.pulled and told.pulled.facts["pull"] != said.pull):
            return "nothing"
        live = self._live(told.mailbox)
        if live is None:
            self._record(told, told.delivered, index, said, [])
            return "elsewhere"
        with live.open(told.mailbox) as box:
            lying = box.find(told.capture.uuid, told.delivered.at)
            known = self._record(told, told.delivered, index, said, lying)
            if lying:
                box.remove(lying)
        return "taken" if lying or known else "gone"

    def _record(self, told: Told, delivered: Event, index: int, said: Said, lying: list[Lying]) -> list[Lying]:
        """Write down where it lies. Whoever had this in hand before may have died: then what they saw counts, and is the answer."""
        if not told.copy.is_pulled:
            facts = {"mailbox": told.mailbox, "delivered": delivered.at, "lying": [place.plain() for place in lying]}
            self._write(Event(Type.PULLED, told.capture.id, self._clock(), (index,), said.plain() | facts))
        elif told.pulled is not None:
            return [Lying.from_plain(place) for place in told.pulled.facts["lying"]]
        return []

    def put_back(self, id_: bytes, index: int, said: Said) -> Outcome:
        """Undo what `take` has done under the same number. Raises as it does."""
        told = self._told(id_, index)
        if told.copy.is_held and told.delivered is None:
            self._write(Event(Type.RELEASED, id_, self._clock(), (index,), {"reason": said.reason, "actor": said.actor}))
            bell.ring(self._data)
            return "back"
        if not told.copy.is_pulled or told.pulled is None or told.delivered is None or told.pulled.facts["pull"] != said.pull:
            return "nothing"
        places = [Lying.from_plain(place) for place in told.pulled.facts["lying"]]
        if places and (live := self._live(told.mailbox)) is not None:
            content = as_sent((self._machine.body(id_),), told.delivered.facts)
            with live.open(told.mailbox) as box:
                if not box.find(told.capture.uuid, told.delivered.at):
                    for place in places:
                        box.put(place, content, told.capture.uuid)
        facts = {key: told.pulled.facts[key] for key in ("mailbox", "delivered", "lying")}
        self._write(Event(Type.PULLED, id_, self._clock(), (index,), said.plain() | facts | {"back": 1}))
        return "back"

    def _told(self, id_: bytes, index: int) -> Told:
        self._machine.refresh()
        capture = self._machine.capture(id_)
        mine = [event for event in self._machine.events(id_) if index in event.to]
        recipient = capture.envelope.recipients[index]
        copy = Copy(recipient.box or recipient.address, next((d.do for d in capture.dispositions if d.to == index), "kept"))
        for event in mine:
            copy.apply(event.type, event.at, event.facts, (event.journal, event.number))
        last = {event.type: event for event in mine}
        return Told(capture, copy, last.get(Type.DELIVERED), last.get(Type.PULLED))

    def _live(self, mailbox: str) -> Live | None:
        """Where the mailbox lies; None where it cannot be asked."""
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

    def rest(self) -> None:
        """Nothing more is to be done at this moment: the journal is left to others."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
