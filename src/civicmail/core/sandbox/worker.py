"""The sandboxed process that extracts text: `python -I -m civicmail.core.sandbox.worker`. It drops its privileges, then reads one
file after another from standard input and writes their text to standard output."""

from __future__ import annotations

import json
import os
import sys
from typing import BinaryIO

from civicmail.core.sandbox import confine, frames, lifecycle, readers
from civicmail.core.sandbox.request_server import BUFFER, read_frame

MEMORY = 2 << 30
"""Bytes of address space: three times the largest member, and what pdfium takes for a page."""

FLUSH_CHARACTERS = 1 << 16  # characters


class PipeOutput:
    """Out (extraction.py) on a pipe. Text is held until there is some of it, so that little is lost with a process that dies."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._held: list[str] = []
        self._size = 0

    def text(self, text: str) -> None:
        self._held.append(text)
        self._size += len(text)
        if self._size >= FLUSH_CHARACTERS:
            self.flush()

    def picture(self, data: bytes) -> None:
        self.flush()
        self._send(frames.PICTURE, data)

    def unreadable(self, path: str, why: str) -> None:
        self._send(frames.UNREADABLE, json.dumps([path[-1000:], why]).encode())

    def end(self) -> None:
        self._give()
        self._send(frames.END, b"")
        self._out.flush()

    def flush(self) -> None:
        self._give()
        self._out.flush()

    def _give(self) -> None:
        text, self._held, self._size = "\n".join(self._held), [], 0
        if text:
            self._send(frames.TEXT, text.encode("utf-8", "replace"))

    def _send(self, kind: bytes, content: bytes) -> None:
        self._out.write(frames.HEAD.pack(kind, len(content)))
        self._out.write(content)


def main() -> None:
    requests = os.fdopen(os.dup(0), "rb", BUFFER)
    replies = os.fdopen(os.dup(1), "wb", BUFFER)
    os.dup2(2, 1)  # what a library prints must not look like an answer
    readers.prepare()

    def once() -> bool:
        if (raw_request := read_frame(requests)) is None:
            return False
        request = json.loads(raw_request)
        content = read_frame(requests) or b""
        confine.cpu_seconds(int(request["seconds"]) + 2)
        pipe = PipeOutput(replies)
        readers.read(content, pipe, seconds=request["seconds"], pictures=request["pictures"], careful=request["careful"])
        del content
        pipe.end()
        return True

    lifecycle.run(once, MEMORY, readers.prepare_all)


if __name__ == "__main__":
    main()
    sys.exit(0)
