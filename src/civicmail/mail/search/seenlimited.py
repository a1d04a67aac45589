"""What a search reads of a message, out of limited processes, which start when they are first needed (core/sandbox/asking.py)."""

from __future__ import annotations

import json
import sys

from civicmail.core.message.shapes import Fields
from civicmail.core.sandbox.asking import Pool, shared
from civicmail.core.sandbox.errors import CRASHED, Unreadable
from civicmail.mail.search import seenread
from civicmail.mail.search.attached import File

COMMAND = (sys.executable, "-I", "-m", "civicmail.mail.search.seenworker")
PROCESSES = 2
SECONDS = 15.0
"""Of the processor for one message; forty megabytes of HTML take six."""


def pool() -> Pool:
    """The processes of this one."""
    return shared(COMMAND, PROCESSES)


def fields(body: bytes, seconds: float = SECONDS) -> tuple[Fields, list[File]]:
    """The fields, without the content of what is attached, and the files that need a reader. Raises Unreadable."""
    said = pool().ask({}, body, seconds=seconds)
    try:
        return seenread.fields_of(json.loads(said))
    except (TypeError, KeyError, ValueError, OverflowError, RecursionError):  # the process was taken over
        raise Unreadable(CRASHED) from None
