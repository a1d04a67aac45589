"""Read messages to decide about auto-replies, and to answer questions of their own senders, without a permit."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from civicmail.core.disk.errors import DamagedFile
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Capture
from civicmail.mail.courier import auto_reply


class AutoReplyMessages:
    """Messages of one data folder. An unreadable message needs no reply."""

    def __init__(self, data: Path) -> None:
        self._machine = Machine(data)

    def capture(self, id_: bytes) -> Capture | None:
        """The records of a receipt."""
        try:
            return self._machine.capture(id_)
        except (NotInArchive, DamagedFile):
            return None

    def body(self, id_: bytes) -> bytes | None:
        """The bytes, for checks that the sender requested again."""
        try:
            return self._machine.body(id_)
        except (NotInArchive, DamagedFile):
            return None

    def is_for_a_person(self, id_: bytes, mine: Collection[str]) -> bool:
        """Whether a person, and no program, wrote this message to the mailbox with these addresses by name."""
        try:
            return auto_reply.is_for_a_person(self._machine.body(id_), mine)
        except (NotInArchive, DamagedFile):
            return False
