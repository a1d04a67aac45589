"""The time of receipt of imported mail: the first usable of several clocks, and its name (docs/formats.md, "Heads": basis)."""

from __future__ import annotations

from datetime import datetime

from civicmail.mail.archive.records import Basis


def received(hop: datetime | None, mailbox: int | None, basis: Basis, now: int) -> tuple[int, Basis]:
    """(ms since 1970, which clock). hop: date of the topmost Received field; mailbox: time that a journal report, the mailbox or
    the mbox gives for it, with its basis; that of a report comes first. A time before 1970 or after the import is not usable: it
    cannot have been a receipt."""
    if basis == "journal" and mailbox is not None and 0 < mailbox <= now:
        return mailbox, basis
    if hop is not None:
        at = int(hop.timestamp() * 1000)
        if 0 < at <= now:
            return at, "received"
    if mailbox is not None and 0 < mailbox <= now:
        return mailbox, basis
    return now, "import"
