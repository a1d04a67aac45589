"""The request loop of a sandboxed process that handles hostile bytes: one request with its content at a time, one reply.

A module with a main() of its own calls serve() with what it knows to answer, after it has imported all that it needs for it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO

from civicmail.core.sandbox import confine, frames, lifecycle
from civicmail.core.sandbox.errors import DAMAGED, TOO_MUCH_MEMORY, Unreadable

BUFFER = 1 << 17  # bytes, so that most questions and answers are one read or write
SAMPLE = b"""From: Ann <ann@city.example>\r
To: ben@city.example\r
Subject: =?utf-8?q?Caf=C3=A9?=\r
Date: Mon, 30 Nov 2026 09:00:00 +0000\r
Content-Type: multipart/mixed; boundary=m\r
\r
--m\r
Content-Type: multipart/alternative; boundary=a\r
\r
--a\r
\r
Hello, see https://city.example/ and\r
> what you wrote.\r
--a\r
Content-Type: text/html; charset=utf-8\r
\r
<p style="color: red">Hello, <b>see</b> <a href="https://city.example/">this</a>.</p><ul><li>one</li></ul>\r
--a\r
Content-Type: text/calendar; method=REQUEST\r
\r
BEGIN:VCALENDAR\r
METHOD:REQUEST\r
BEGIN:VEVENT\r
UID:1\r
SUMMARY:Walk\r
DTSTART;TZID=Europe/Berlin:20261201T090000\r
DTEND:20261201T100000Z\r
ORGANIZER:mailto:ann@city.example\r
END:VEVENT\r
END:VCALENDAR\r
--a--\r
--m\r
Content-Type: application/pdf; name=plan.pdf\r
Content-Transfer-Encoding: base64\r
\r
JVBERi0xLjcK\r
--m--\r
"""
Handler = Callable[[dict[str, Any], bytes], bytes]
"""(question, content) -> answer; raises Unreadable where there is none."""


def serve(handle: Handler, *, memory: int, warm: Iterable[dict[str, Any]] = ()) -> None:
    """Drop privileges, then handle requests until the input ends. memory: bytes of address space. warm: requests about SAMPLE that
    a forking process handles first itself, so that no fork repeats one-time work."""
    requests = os.fdopen(os.dup(0), "rb", BUFFER)
    replies = os.fdopen(os.dup(1), "wb", BUFFER)
    os.dup2(2, 1)  # what a library prints must not look like an answer

    def once() -> bool:
        if (raw_question := read_frame(requests)) is None:
            return False
        question = json.loads(raw_question)
        content = read_frame(requests) or b""
        confine.cpu_seconds(int(question["seconds"]))
        status, reply = _handle(handle, question, content)
        del content
        replies.write(frames.HEAD.pack(status, len(reply)))
        replies.write(reply)
        replies.flush()
        return True

    lifecycle.run(once, memory, lambda: [_handle(handle, question, SAMPLE) for question in warm])


def _handle(answer: Handler, question: dict[str, Any], content: bytes) -> tuple[bytes, bytes]:
    try:
        return frames.ANSWER, answer(question, content)
    except Unreadable as error:
        return frames.UNREADABLE, error.why.encode()
    except (MemoryError, RecursionError):
        return frames.UNREADABLE, TOO_MUCH_MEMORY.encode()
    except Exception:  # noqa: BLE001 - a parser of others may raise anything at hostile bytes; the asker hears one word
        return frames.UNREADABLE, DAMAGED.encode()


def read_frame(requests: BinaryIO) -> bytes | None:
    """The next frame of a request; None at the end of the input."""
    head = requests.read(frames.HEAD.size)
    if len(head) < frames.HEAD.size:
        return None
    _, length = frames.HEAD.unpack(head)
    return requests.read(int(length))
