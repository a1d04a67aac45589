"""Sandboxed processes that do something else than read a message that is sick."""

from __future__ import annotations

import sys
from dataclasses import replace

from civicmail.core.sandbox.pool import Pool
from civicmail.core.sandbox.service import Service

SICK = b"From: w@outside.example\r\nSubject: sick\r\n\r\nquicksilver\r\n"
WELL = b"From: w@outside.example\r\nSubject: well\r\n\r\nquicksilver\r\n"
_READER = """
import importlib, os, sys
from civicmail.core.message import message_parser
from civicmail.core.sandbox import worker
service = importlib.import_module(sys.argv[1]).SERVICE
handlers = importlib.import_module(service.requests[0].handler.partition(":")[0])
{first}
def sick(read):
    def one(raw):
        if b"sick" in raw:
            {what}
        return read(raw)
    return one
message_parser.fields, message_parser.parse = sick(message_parser.fields), sick(message_parser.parse)
worker.main()
"""


def pool(service: Service, what: str = "pass", first: str = "pass", program: str = sys.executable) -> Pool:
    """what: done instead of reading a sick message; first: done at the beginning of a process, when it may still do anything."""
    return Pool(replace(service, program=(program, "-I", "-c", _READER.format(what=what, first=first))), processes=1)
