"""What a query sees of a capture and its bytes, for who asks the store and not the index: holds, and the scope of a mandate."""

from __future__ import annotations

from pathlib import Path

from civicmail.core.config.log import get_logger
from civicmail.core.message import letter
from civicmail.core.query.tree import View
from civicmail.mail.archive.holds import Viewer
from civicmail.mail.archive.records import Capture
from civicmail.mail.search.attached import NOTHING, what_they_say
from civicmail.mail.search.extracted import Extracts
from civicmail.mail.search.fields import view

log = get_logger()


def viewer(data: Path) -> Viewer:
    """Text of attachments comes from what was read of them before; a file that was not read yet counts as one that nobody can read,
    so a hold that asks for words covers it."""
    look = Extracts(data).get

    def see(capture: Capture, body: bytes) -> View:
        try:
            found = letter.fields(body)
            said = what_they_say(found, look) if found.attachments else NOTHING
            seen = view(capture, found, said)
            seen["unreadable"] += said.waiting
        except Exception:  # whatever is wrong with one message, it must not let it go
            log.exception("seen.unreadable", capture=capture.uuid)
            seen = view(capture, letter.fields(b""))
            seen["unreadable"] += 1
        return seen

    return see
