"""The view of a capture from its bytes, for matching without the index: for holds and the scope of an examination. The bytes are
hostile, so a sandboxed process reads them (message_reader.py)."""

from __future__ import annotations

from pathlib import Path

from civicmail.core.config.errors import LaterError
from civicmail.core.config.log import get_logger
from civicmail.core.query.tree import View
from civicmail.core.sandbox.errors import BUSY, Unreadable
from civicmail.mail.archive.holds import Viewer
from civicmail.mail.archive.records import Capture
from civicmail.mail.search import message_reader
from civicmail.mail.search.attachments import NOTHING, text_of_files
from civicmail.mail.search.extract_cache import Extracts
from civicmail.mail.search.fields import view
from civicmail.mail.search.message_requests import EMPTY

log = get_logger()


def viewer(data: Path, seconds: float = message_reader.SECONDS) -> Viewer:
    """A viewer for one process. The text of attachments comes from the cache; a file that was not read yet counts as unreadable, so
    that a hold by words covers it. So does a message that crashes its reader, which no scope by words contains. The viewer raises
    LaterError while too many messages are being read. seconds: processor time for one message."""
    look = Extracts(data).get

    def see(capture: Capture, body: bytes) -> View:
        try:
            fields, files = message_reader.fields(body, seconds)
            attachments = text_of_files(files, look) if fields.attachments else NOTHING
            seen = view(capture, fields, attachments)
            seen["unreadable"] += attachments.waiting
        except Exception as error:  # whatever is wrong with one message, it must not let it go
            if isinstance(error, Unreadable) and error.why == BUSY:
                raise LaterError("Too much is being read at this moment. Please try again in a minute.") from None
            log.exception("seen.unreadable", capture=capture.uuid)
            seen = view(capture, EMPTY)
            seen["unreadable"] += 1
        return seen

    return see
