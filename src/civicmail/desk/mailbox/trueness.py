"""What a file is that somebody adds to a draft: its true type, as everybody will see it who gets it (P-25). Knows no Django.

A limited process says it, of a message with this file alone: what somebody was sent and hands on is as hostile as what comes in.
"""

from __future__ import annotations

import uuid

from civicmail.core.sandbox import filetype
from civicmail.desk.mailbox.actions.drafting import New
from civicmail.desk.mailbox.composing import Attachment, Letter, Named, build
from civicmail.desk.viewer import downloads, limited

_NOBODY = Named("nobody@invalid.example")


def looked_at(name: str, content: bytes) -> New:
    """The file, ready to be added. What cannot be looked at is of an unknown type."""
    clean = downloads.file_name(name) or "file"
    letter = Letter(uuid.UUID(int=0), 0, _NOBODY, (_NOBODY,), (), "", "", files=(Attachment(clean, content),))
    shown = limited.read(build(letter))
    found = next((file for file in shown.files if file.depth == 0), None) if shown is not None else None
    if found is None:
        return New(clean, content, filetype.EMPTY if not content else filetype.UNKNOWN)
    return New(clean, content, found.kind, found.odd)
