"""Detect the type of a file attached to a draft, as its recipients will see it (P-25). Without Django.

A sandboxed process reads a message with this file alone, because a forwarded file is as hostile as incoming mail.
"""

from __future__ import annotations

import uuid

from civicmail.desk.mailbox.actions.edit_drafts import NewFile
from civicmail.desk.mailbox.compose import Attachment, NamedAddress, NewMessage, build
from civicmail.desk.viewer import downloads, sandboxed

_NOBODY = NamedAddress("nobody@invalid.example")


def with_file_type(name: str, content: bytes) -> NewFile:
    """The file, ready to be attached. Unreadable content has an unknown type."""
    clean = downloads.file_name(name) or "file"
    letter = NewMessage(uuid.UUID(int=0), 0, _NOBODY, (_NOBODY,), (), "", "", files=(Attachment(clean, content),))
    shown = sandboxed.read(build(letter))
    file_shown = next((file for file in shown.files if file.depth == 0), None) if shown is not None else None
    if file_shown is None:
        return NewFile(clean, content, "unknown" if content else "empty")
    return NewFile(clean, content, file_shown.kind, file_shown.odd)
