"""The sandboxed process that reads messages for fingerprints and tokens (core/sandbox/request_server.py):

python -I -m civicmail.mail.pipeline.fingerprint_worker
"""

from __future__ import annotations

import os
from typing import Any

import orjson

from civicmail.core.sandbox import request_server
from civicmail.mail.pipeline import fingerprint_reader

MEMORY = 2 << 30
"""Bytes of address space: forty million letters in the widest form that Python has for them, and the message itself twice."""


def answer(question: dict[str, Any], content: bytes) -> bytes:
    """what: marks, as Marks.of() reads them, report, as Said.of() does, or numbers and spelt, as markslimited does."""
    match question["what"]:
        case "numbers":
            return fingerprint_reader.numbers_of(content)
        case "spelt":
            return fingerprint_reader.spelt_of(content)
    read = fingerprint_reader.report_of if question["what"] == "report" else fingerprint_reader.fingerprint_of
    return orjson.dumps(read(content, question["domains"]).plain())


if __name__ == "__main__":
    request_server.serve(answer, memory=MEMORY)
    os._exit(0)  # nothing is left to tidy
