"""A limited process whose reader does what the question says."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path

from civicmail.core.sandbox import frames, worker
from civicmail.core.sandbox.errors import Unreadable
from civicmail.core.sandbox.service import Request, Service, StreamRequest, encode

_kept: list[bytes] = []


class Do(Request[bytes], frozen=True):
    handler = "__main__:answer"

    do: str


class DoMany(StreamRequest[bytes], frozen=True):
    handler = "__main__:answer_many"

    times: int
    then: str = ""


SERVICE = Service("crashing", (Do, DoMany), memory=1 << 30, processes=1, program=(sys.executable, str(Path(__file__))))


def say_more(content: bytes) -> None:
    """Whoever has taken a reader over answers by itself, to whatever is open."""
    for fd in range(3, 16):
        with contextlib.suppress(OSError):
            os.write(fd, frames.frame(frames.ANSWER, encode(content)))


def answer_many(content: bytes, request: DoMany, emit: worker.Emit) -> None:
    for _ in range(request.times):
        emit(content)
    if request.then:
        answer(content, Do(request.then))


def answer(content: bytes, request: Do) -> object:
    match request.do:
        case "die":
            os._exit(3)
        case "hang":
            time.sleep(600)
        case "compute":
            while True:
                pass
        case "fill":
            return b"x" * (1 << 40)
        case "raise":
            raise KeyError(content)
        case "refuse":
            raise Unreadable("encrypted")
        case "lie":
            return "no bytes"
        case "long":
            return b"x" * (2 << 20)
        case "keep":
            _kept.append(content)
            return b" ".join(_kept)
        case "forge":
            say_more(b"the first")
            say_more(b"forged: " + content)
            os._exit(0)
        case "stay":
            say_more(b"the first")
            while True:
                said = os.read(0, 1 << 16)
                say_more(b"overheard: " + said)
        case "look":
            try:
                os.listdir("/etc/ssl")
            except OSError:
                return b"nothing"
    return str(os.getpid()).encode() + b" " + content


if __name__ == "__main__":
    worker.serve(SERVICE)
