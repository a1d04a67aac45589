"""Limited processes that do something else than read a message that is sick."""

from __future__ import annotations

import sys

from civicmail.core.sandbox.pool import Pool

SICK = b"From: w@outside.example\r\nSubject: sick\r\n\r\nquicksilver\r\n"
WELL = b"From: w@outside.example\r\nSubject: well\r\n\r\nquicksilver\r\n"
_READER = """
import importlib, os
from civicmail.core.message import message_parser
from civicmail.core.sandbox import request_server
worker = importlib.import_module("{worker}")
{first}
def sick(read):
    def one(raw):
        if b"sick" in raw:
            {what}
        return read(raw)
    return one
message_parser.fields, message_parser.parse = sick(message_parser.fields), sick(message_parser.parse)
request_server.serve(worker.answer, memory=worker.MEMORY)
"""


def pool(worker: str, what: str = "pass", first: str = "pass", program: str = sys.executable) -> Pool:
    """worker: module of such a process; first: what each does at its beginning, when it may still do anything."""
    return Pool((program, "-I", "-c", _READER.format(worker=worker, what=what, first=first)), processes=1)
