"""Reading messages for their marks in limited processes, which start when they are first needed (core/sandbox/asking.py)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import orjson

from civicmail.core.sandbox.asking import Pool, shared

COMMAND = (sys.executable, "-I", "-m", "civicmail.mail.pipeline.marksworker")
PROCESSES = 2
SECONDS = 10.0
"""Of the processor for one message; forty megabytes of HTML take six."""
READ_MOST = 40 << 20
"""Bytes of a message that are read; of a larger one these are the beginning."""


def pool() -> Pool:
    """The processes of this one."""
    return shared(COMMAND, PROCESSES)


def asked(what: str, raw: bytes, domains: Sequence[str], seconds: float = SECONDS) -> dict[str, Any]:
    """What a limited process says of a message; what: marks or report. Believe nothing of it but that it is JSON. Raises
    Unreadable, ValueError where it is not."""
    said: dict[str, Any] = orjson.loads(pool().ask({"what": what, "domains": list(domains)}, raw[:READ_MOST], seconds=seconds))
    return said
