"""The limited process that takes files out of copies: `python -I -m civicmail.mail.courier.strip_worker`
(core/sandbox/request_server.py)."""

from __future__ import annotations

import os
from typing import Any

import orjson

from civicmail.city.policy.approvals import PartialApproval
from civicmail.core.sandbox import request_server
from civicmail.mail.courier import strip_reader
from civicmail.mail.courier.errors import NotAsApproved

MEMORY = 2 << 30
"""Bytes of address space: a message of the largest size that is taken, its files decoded, and the copy."""


def answer(question: dict[str, Any], content: bytes) -> bytes:
    """With `apart` the replacements of files, or a sentence with the reason why there are none; without it the files that can be
    stripped."""
    if "apart" not in question:
        return orjson.dumps(strip_reader.paths(content))
    try:
        return orjson.dumps(strip_reader.replaced(content, PartialApproval.from_plain(question["apart"])))
    except NotAsApproved as error:
        return orjson.dumps(str(error))


if __name__ == "__main__":
    request_server.serve(answer, memory=MEMORY, warm=[{}])
    os._exit(0)  # nothing is left to tidy
