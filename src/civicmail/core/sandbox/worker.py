"""The main loop of a sandboxed process: read a request and its content, call the handler of the request, send its reply.

`python -I -m civicmail.core.sandbox.worker MODULE` serves MODULE.SERVICE (service.py).
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, BinaryIO

from civicmail.core.sandbox import confine, frames, lifecycle, service
from civicmail.core.sandbox.errors import DAMAGED, TOO_MUCH_MEMORY, Unreadable
from civicmail.core.sandbox.service import Request, Service, StreamRequest

BUFFER = 1 << 17  # bytes, so that most requests and replies are one read or write
COLLECT = 50_000
"""New objects between two garbage collections: about a dozen messages."""
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
Handlers = dict[type[Request[Any]], Callable[..., Any]]
"""(content, request) -> reply; for a stream (content, request, emit) -> None. Raises Unreadable."""
Emit = Callable[[Any], None]
"""Sends one item of a stream."""


def serve(served: Service) -> None:
    """Import the handlers, drop privileges, then handle requests until the input ends."""
    handlers = load_handlers(served)
    decoder = service.request_decoder(served.requests)
    requests = os.fdopen(os.dup(0), "rb", BUFFER)
    replies = os.fdopen(os.dup(1), "wb", BUFFER)
    os.dup2(2, 1)  # what a library prints must not look like a reply
    gc.freeze()  # what was imported stays; a message leaves hardly anything behind that only a collection finds
    gc.set_threshold(COLLECT)
    gc.enable()

    def once() -> bool:
        if (head := _read_frame(requests)) is None:
            return False
        seconds, request = decoder.decode(head)
        content = _read_frame(requests) or b""
        confine.cpu_seconds(int(seconds))
        send(*handle(handlers, request, content, emit))
        return True

    def emit(item: object) -> None:
        send(frames.ITEM, service.encode(item))

    def send(kind: bytes, content: bytes) -> None:
        replies.write(frames.HEAD.pack(kind, len(content)))
        replies.write(content)
        replies.flush()

    lifecycle.run(once, served.memory, lambda: [handle(handlers, request, SAMPLE) for request in served.warm])


def load_handlers(served: Service) -> Handlers:
    if served.prepare:
        service.function(served.prepare)(forks=lifecycle.forks())
    return {request: service.function(request.handler) for request in served.requests}


def handle(handlers: Handlers, request: Request[Any], content: bytes, emit: Emit = lambda _item: None) -> tuple[bytes, bytes]:
    """The kind of the last frame that answers the request, and its bytes."""
    more = (emit,) if isinstance(request, StreamRequest) else ()
    try:
        return frames.ANSWER, service.encode(handlers[type(request)](content, request, *more))
    except Unreadable as error:
        return frames.UNREADABLE, error.why.encode()
    except (MemoryError, RecursionError):
        return frames.UNREADABLE, TOO_MUCH_MEMORY.encode()
    except Exception:  # noqa: BLE001 - a parser of others may raise anything at hostile bytes; the caller gets one reason
        return frames.UNREADABLE, DAMAGED.encode()


def _read_frame(requests: BinaryIO) -> bytes | None:
    """The next frame of a request; None at the end of the input."""
    head = requests.read(frames.HEAD.size)
    if len(head) < frames.HEAD.size:
        return None
    _, length = frames.HEAD.unpack(head)
    return requests.read(int(length))


def main() -> None:
    gc.disable()  # imports make no garbage
    serve(import_module(sys.argv[1]).SERVICE)
    os._exit(0)  # nothing is left to tidy; libraries that count what is left would tell it to whoever started us


if __name__ == "__main__":
    main()
