"""Read Outlook files in sandboxed processes (outlook_reader.py): one for each PST or OST, one for all MSG and TNEF files.

A process that dies or hangs loses only its current item; the next process continues after it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from civicmail.core.sandbox.errors import Unreadable
from civicmail.core.sandbox.pool import Pool
from civicmail.core.sandbox.process import Process
from civicmail.core.sandbox.service import Request, Service, StreamRequest

SECONDS = 120.0  # for one item, and for opening a file of many gigabytes
STORE_SECONDS = 1e8  # of the processor, for all items of a file
MAX_CRASHES = 20  # of one file; then the rest of it is one line
NO_ITEM = "it is an OLE file, but no Outlook item"
_KILLED = "its reader died on it or took too long"
_MAX_REPLY = 1 << 30


@dataclass(frozen=True, slots=True)
class BuiltMessage:
    """A message built from an item. at: when the mailbox got it, ms; properties: as the head of its receipt keeps them."""

    content: bytes
    at: int | None
    properties: dict[str, Any]


class ReadItem(Request[BuiltMessage | str], frozen=True):
    """The item of a MSG or TNEF file, or why it is none."""

    handler = "civicmail.mail.importers.outlook_reader:read_item"
    reply_ratio, reply_free = 0, _MAX_REPLY


class ReadStore(StreamRequest[tuple[int, str] | BuiltMessage | str], frozen=True):
    """The items of a PST or OST file from the index `first` on: index and folder, then the item, or why it cannot be read.

    descriptor: the open file, which the process inherits. Index -1 and folder "" are for an error of the whole file.
    """

    handler = "civicmail.mail.importers.outlook_reader:read_store"
    reply_ratio, reply_free = 0, _MAX_REPLY

    descriptor: int
    first: int


SERVICE = Service(__name__, (ReadItem, ReadStore), memory=3 << 30, processes=1)


@dataclass(frozen=True, slots=True)
class StoreItem:
    """One item of a file, or the reason why it cannot be read; index -1 and folder "" for an error of the whole file."""

    index: int
    folder: str
    built: BuiltMessage | str


class OutlookItems:
    """The items of Outlook files. Not thread-safe."""

    def __init__(self, seconds: float = SECONDS, service: Service = SERVICE) -> None:
        self._seconds = seconds
        self._service = service
        self._pool = Pool(service)

    def file(self, content: bytes) -> BuiltMessage | str:
        """The item of a MSG or TNEF file, or why it is none."""
        try:
            return self._pool.request(ReadItem(), content, seconds=self._seconds)
        except Unreadable:
            return _KILLED

    def store(self, path: str) -> Iterator[StoreItem]:
        """Every item of a PST or OST file."""
        first = crashes = 0
        while crashes < MAX_CRASHES:
            index, folder = -1, ""
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            process = Process(self._service, (descriptor,))
            request = ReadStore(descriptor, first)
            try:
                with closing(process.stream(request, seconds=STORE_SECONDS, item_seconds=self._seconds)) as items:
                    for item in items:
                        if isinstance(item, tuple):
                            index, folder = item
                        else:
                            yield StoreItem(index, folder, item)
                            first = max(first, index + 1)
                return
            except Unreadable:
                crashes += 1
                if index < first:  # not even the next item was named
                    yield StoreItem(-1, "", _KILLED)
                    return
                yield StoreItem(index, folder, _KILLED)
                first = index + 1
            finally:
                process.kill()
                os.close(descriptor)
        yield StoreItem(-1, "", f"its reader died {MAX_CRASHES} times; what lies behind was not read")

    def close(self) -> None:
        self._pool.close()
