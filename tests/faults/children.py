"""Doing something in a forked process and hearing what it said until it ended, however it ended.

The parent never starts a thread, so a fork is cheap and safe: everything is imported already.
"""

from __future__ import annotations

import os
import pickle
import struct
import traceback
from collections.abc import Callable
from typing import Any

_LENGTH = struct.Struct("<I")
Say = Callable[[Any], None]


def in_child(work: Callable[[Say], None]) -> tuple[list[Any], int]:
    """(everything said before the end, wait status). work gets a function that says one picklable thing at once."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        status = 70
        try:
            work(lambda thing: _say(writing, thing))
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as said:
        content = said.read()
    _, status = os.waitpid(child, 0)
    return list(_heard(content)), status


def _say(fd: int, thing: Any) -> None:
    content = pickle.dumps(thing)
    content = _LENGTH.pack(len(content)) + content
    while content:
        content = content[os.write(fd, content) :]


def _heard(content: bytes) -> Any:
    at = 0
    while at + _LENGTH.size <= len(content):
        (length,) = _LENGTH.unpack_from(content, at)
        at += _LENGTH.size + length
        if at > len(content):
            return  # it died while it said this
        yield pickle.loads(content[at - length : at])
