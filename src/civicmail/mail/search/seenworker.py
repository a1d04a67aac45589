"""The limited process that reads messages for who asks the store: `python -I -m civicmail.mail.search.seenworker`
(core/sandbox/answering.py)."""

from __future__ import annotations

import json
import os
from typing import Any

from civicmail.core.message import letter
from civicmail.core.sandbox import answering
from civicmail.mail.search import seenread

MEMORY = 2 << 30
"""Bytes of address space: the message several times, and the widest form that Python has for its letters."""


def answer(_question: dict[str, Any], content: bytes) -> bytes:
    """What a search reads of the message, as seenread.fields_of() understands it."""
    return json.dumps(seenread.plain(letter.fields(content))).encode()  # also letters that stand for none (surrogates)


if __name__ == "__main__":
    answering.serve(answer, memory=MEMORY)
    os._exit(0)  # nothing is left to tidy
