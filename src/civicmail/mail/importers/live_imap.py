"""A live mailbox on another server (Dovecot) for live_mailbox.py, opened by its master user (courier/imap_mailboxes.py).

Such a server adds lines above the delivered message: Return-Path, Delivered-To, Received (RFC 5321 4.4, RFC 2033). Only the bytes
below them, which we delivered, are compared; the number in our Received line only shows which capture to compare.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterator, Sequence

from civicmail.mail.courier.imap_mailboxes import ImapMailbox
from civicmail.mail.courier.mailbox_copies import CopyLocation
from civicmail.mail.importers.live_mailbox import LiveMessage

_TRACE = re.compile(rb"(return-path|delivered-to|received):[^\n]*\n(?:[ \t][^\n]*\n)*", re.IGNORECASE)
_OURS = re.compile(rb"\bid ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b")
_MAX_TRACE_LINES = 8
"""Lines at the top that are looked through; a server adds three."""


class Imap:
    """The folders of an open mailbox that are its owner's own."""

    def __init__(self, box: ImapMailbox) -> None:
        self._box = box

    def walk(self) -> Iterator[LiveMessage]:
        for lying, content in self._box.everything():
            yield LiveMessage(lying.folder, lying.name, content, lying.at, delivered(content))

    def remove(self, keys: Sequence[tuple[str, str]]) -> None:
        self._box.remove_all([CopyLocation(folder, name, (), 0) for folder, name in keys])

    def clear(self) -> None:
        self._box.drop_folders()


def delivered(content: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """The capture that our topmost Received names, with the SHA-256 of what begins at each of the lines above it and at itself."""
    begins, at = list[int](), 0
    while len(begins) < _MAX_TRACE_LINES and (line := _TRACE.match(content, at)):
        begins.append(at)
        if ours := _OURS.search(line[0]):
            id_ = uuid.UUID(ours[1].decode()).bytes
            return tuple((id_, hashlib.sha256(memoryview(content)[begin:]).digest()) for begin in reversed(begins))
        at = line.end()
    return ()
