"""Limited processes that do something else than read a message that is sick."""

from __future__ import annotations

import sys

from civicmail.core.sandbox.pool import Pool

SICK = b"From: w@outside.example\r\nSubject: sick\r\n\r\nquicksilver\r\n"
WELL = b"From: w@outside.example\r\nSubject: well\r\n\r\nquicksilver\r\n"
_READER = """
import importlib, os
from civicmail.core.message import letter
from civicmail.core.sandbox import answering
worker = importlib.import_module("{worker}")
{first}
def sick(read):
    def one(raw):
        if b"sick" in raw:
            {what}
        return read(raw)
    return one
letter.fields, letter.read = sick(letter.fields), sick(letter.read)
answering.serve(worker.answer, memory=worker.MEMORY)
"""


def pool(worker: str, what: str = "pass", first: str = "pass", program: str = sys.executable) -> Pool:
    """worker: module of such a process; first: what each does at its beginning, when it may still do anything."""
    return Pool((program, "-I", "-c", _READER.format(worker=worker, what=what, first=first)), processes=1)
