"""A limited process whose reader does what the question says."""

from __future__ import annotations

import contextlib
import os
import time
from typing import Any

from civicmail.core.sandbox import frames, request_server
from civicmail.core.sandbox.errors import Unreadable

_kept: list[bytes] = []


def say_more(content: bytes) -> None:
    """Whoever has taken a reader over answers by itself, to whatever is open."""
    for fd in range(3, 16):
        with contextlib.suppress(OSError):
            os.write(fd, frames.frame(frames.ANSWER, content))


def answer(question: dict[str, Any], content: bytes) -> bytes:
    match question["do"]:
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
    request_server.serve(answer, memory=1 << 30)
