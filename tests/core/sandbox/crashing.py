"""A limited process whose reader does what the question says."""

from __future__ import annotations

import os
import time
from typing import Any

from civicmail.core.sandbox import answering
from civicmail.core.sandbox.errors import Unreadable


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
        case "look":
            try:
                os.listdir("/etc/ssl")
            except OSError:
                return b"nothing"
    return str(os.getpid()).encode() + b" " + content


if __name__ == "__main__":
    answering.serve(answer, memory=1 << 30)
