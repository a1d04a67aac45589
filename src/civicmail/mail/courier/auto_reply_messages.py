"""Looking at mail for whether it wants an answer, and for what its own sender asks about it: a door of the machine."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from civicmail.core.disk.errors import DamagedFile
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Capture
from civicmail.mail.courier import auto_reply


class AutoReplyMessages:
    """Of one data folder. What cannot be read wants nothing."""

    def __init__(self, data: Path) -> None:
        self._machine = Machine(data)

    def capture(self, id_: bytes) -> Capture | None:
        """What is recorded of a receipt."""
        try:
            return self._machine.capture(id_)
        except (NotInArchive, DamagedFile):
            return None

    def body(self, id_: bytes) -> bytes | None:
        """The bytes, for the checks that are made of them once more on behalf of whoever sent them."""
        try:
            return self._machine.body(id_)
        except (NotInArchive, DamagedFile):
            return None

    def is_for_a_person(self, id_: bytes, mine: Collection[str]) -> bool:
        """Whether somebody wrote this to the mailbox with these addresses by name, and no program did."""
        try:
            return auto_reply.is_for_a_person(self._machine.body(id_), mine)
        except (NotInArchive, DamagedFile):
            return False
