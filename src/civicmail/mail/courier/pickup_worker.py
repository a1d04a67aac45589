"""The limited process that reads messages for the pick-up portal: `python -I -m civicmail.mail.courier.pickup_worker`
(core/sandbox/request_server.py)."""

from __future__ import annotations

import os
from typing import Any

from civicmail.core.sandbox import request_server
from civicmail.mail.courier import pickup_reader

MEMORY = 2 << 30
"""Bytes of address space: the message several times, and the widest form that Python has for its letters."""


def answer(_question: dict[str, Any], content: bytes) -> bytes:
    """The message as pickup_store.py puts it into a box."""
    return pickup_reader.contents(content)


if __name__ == "__main__":
    request_server.serve(answer, memory=MEMORY, warm=[{}])
    os._exit(0)  # nothing is left to tidy
