"""The life of a limited process that answers questions about hostile bytes: one question and one content at a time, one answer.

A module with a main() of its own calls serve() with what it knows to answer, after it has imported all that it needs for it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any, BinaryIO

from civicmail.core.sandbox import confine, frames, life
from civicmail.core.sandbox.errors import DAMAGED, TOO_MUCH_MEMORY, Unreadable

BUFFER = 1 << 17  # bytes, so that most questions and answers are one read or write
Answer = Callable[[dict[str, Any], bytes], bytes]
"""(question, content) -> answer; raises Unreadable where there is none."""


def serve(answer: Answer, *, memory: int) -> None:
    """Give up what the answers do not need, then answer until nobody asks any more. memory: bytes of address space."""
    asks = os.fdopen(os.dup(0), "rb", BUFFER)
    answers = os.fdopen(os.dup(1), "wb", BUFFER)
    os.dup2(2, 1)  # what a library prints must not look like an answer

    def once() -> bool:
        if (asked := frame(asks)) is None:
            return False
        question = json.loads(asked)
        content = frame(asks) or b""
        confine.cpu_seconds(int(question["seconds"]))
        kind, said = _answered(answer, question, content)
        del content
        answers.write(frames.HEAD.pack(kind, len(said)))
        answers.write(said)
        answers.flush()
        return True

    life.live(once, memory)


def _answered(answer: Answer, question: dict[str, Any], content: bytes) -> tuple[bytes, bytes]:
    try:
        return frames.ANSWER, answer(question, content)
    except Unreadable as error:
        return frames.UNREADABLE, error.why.encode()
    except (MemoryError, RecursionError):
        return frames.UNREADABLE, TOO_MUCH_MEMORY.encode()
    except Exception:  # noqa: BLE001 - a parser of others may raise anything at hostile bytes; the asker hears one word
        return frames.UNREADABLE, DAMAGED.encode()


def frame(asks: BinaryIO) -> bytes | None:
    """The next frame of a question; None when nobody asks any more."""
    head = asks.read(frames.HEAD.size)
    if len(head) < frames.HEAD.size:
        return None
    _, length = frames.HEAD.unpack(head)
    return asks.read(int(length))
