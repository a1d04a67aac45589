"""The sandboxed process that reads messages for the index, for queries of the store, and for commands: `python -I -m
civicmail.mail.search.message_worker` (core/sandbox/request_server.py)."""

from __future__ import annotations

import json
import os
from typing import Any

from civicmail.core.message import message_parser
from civicmail.core.sandbox import request_server
from civicmail.mail.search import message_values

MEMORY = 2 << 30
"""Bytes of address space: the message several times, and the widest form that Python has for its letters."""


def answer(question: dict[str, Any], content: bytes) -> bytes:
    """what: "fields", for message_values.fields_of(), "files", for files_of(), "letter", for printed_of(), or "words": the visible
    text. The JSON may hold lone surrogates."""
    match question["what"]:
        case "files":
            return message_values.packed(message_parser.fields(content))
        case "letter":
            return json.dumps(message_values.printed(message_parser.parse(content))).encode()
        case "words":
            message = message_parser.parse(content)
            return json.dumps(f"{message.text}\n{message.html_text}").encode()
    return json.dumps(message_values.plain(message_parser.fields(content))).encode()


if __name__ == "__main__":
    request_server.serve(answer, memory=MEMORY)
    os._exit(0)  # nothing is left to tidy
