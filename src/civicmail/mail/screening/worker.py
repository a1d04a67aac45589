"""The sandboxed process that reads messages for screening: `python -I -m civicmail.mail.screening.worker`
(sandbox/request_server.py)."""

from __future__ import annotations

import gc
import os
from typing import Any

from civicmail.core.sandbox import request_server
from civicmail.mail.screening import extract_codec, message_reader
from civicmail.mail.screening.confidential import ocr_pictures

MEMORY = 2 << 30
"""Bytes of address space: the message several times, also in Python's widest form for text."""
COLLECT = 50_000
"""New objects between two garbage collections: about a dozen messages."""


def answer(question: dict[str, Any], content: bytes) -> bytes:
    """The extracted message as extract_codec.decode() reads it, or the pictures for OCR as ocr_pictures.decode() does; empty for
    an empty request."""
    if "pictures" in question:
        return ocr_pictures.encode(ocr_pictures.OcrPictures.read(content))
    return extract_codec.encode(message_reader.read(content, question["asked"])) if "asked" in question else b""


if __name__ == "__main__":
    gc.freeze()  # what was imported stays; a message leaves hardly anything behind that only a collection finds
    gc.set_threshold(COLLECT)
    request_server.serve(answer, memory=MEMORY)
    os._exit(0)  # nothing is left to tidy; libraries that count what is left would tell it to whoever started us
