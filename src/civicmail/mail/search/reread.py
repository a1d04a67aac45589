"""Read files of a capture again that were not read completely: after an update of a reader, or since OCR is installed."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from civicmail.core.disk.errors import DamagedFile
from civicmail.core.sandbox.errors import Unreadable
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.machine import Machine
from civicmail.mail.search import extract_cache, message_reader
from civicmail.mail.search.attachments import name_of
from civicmail.mail.search.extract_cache import Extracts


def read_again(data: Path, capture_id: bytes) -> int:
    """Forget the text of such files, and have the capture indexed, whose files the job of attachments then reads. Returns how many
    files there are; 0 also if the message itself cannot be read."""
    try:
        files = message_reader.files(Machine(data).body(capture_id))
    except (DamagedFile, NotInArchive, Unreadable):
        return 0
    cache, count = Extracts(data), 0
    for digest in {sha256(file.content).digest() for file in files}:
        known = cache.get(digest)
        if known is not None and (known.unreadable or known.pictures):
            cache.forget(name_of(digest))
            count += 1
    if count:
        extract_cache.set_ready(data, capture_id)
    return count
