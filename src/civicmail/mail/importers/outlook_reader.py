"""The process that reads Outlook files: `python -I -m civicmail.mail.importers.outlook_reader pst FD FIRST` or `… msg`.

It writes frames of core/sandbox: for each item "A" with JSON {index, folder}, then "C" with the message that was built and "T"
with JSON
of its properties and times, or "U" with the reason why it cannot be read; "E" at the end.
"""

from __future__ import annotations

import json
import os
import sys
from functools import partial
from hashlib import sha256
from typing import Any

from civicmail.core.message import mapi, outlook_message, tnef
from civicmail.core.message.mapi import Item, Properties, Value
from civicmail.core.sandbox import confine, frames
from civicmail.mail.importers.outlook_items import NO_ITEM
from civicmail.mail.importers.pst_file import Missing

MEMORY = 3 << 30
_TIMES = (mapi.DELIVERED, mapi.SUBMITTED, mapi.CREATED, mapi.CHANGED)
_OUT = 1
_MAX_VALUE = 512  # characters of a value that stands in a head
_MAX_LISTED = 300  # recipients and attachments whose properties stand there


def main() -> None:
    kind = sys.argv[1]
    if kind == "pst":
        from civicmail.mail.importers import pst

        confine.confine(MEMORY)
        _pst(pst, int(sys.argv[2]), int(sys.argv[3]))
    else:
        from civicmail.core.sandbox import msg

        confine.confine(MEMORY)
        _files(msg)


def _pst(pst: Any, fd: int, first: int) -> None:
    """Send items from the index `first` on; an earlier process sent those before it."""
    whole = None
    try:
        with os.fdopen(fd, "rb") as file:
            whole = pst.PstFile(file)
            for index, (folder, read) in enumerate(pst.items(whole)):
                if index >= first:
                    _send(frames.ASK, json.dumps({"index": index, "folder": folder}).encode("utf-8", "replace"))
                    _send_item(read, "it cannot be read")
            missing = pst.missing(whole)
    except (OSError, MemoryError) as error:
        missing = (pst.missing(whole) if whole else "") or _why(error, "it is broken")
    if missing:
        _send(frames.ASK, b'{"index": -1, "folder": ""}')
        _send(frames.UNREADABLE, missing.encode())
    _send(frames.END, b"")


def _files(msg: Any) -> None:
    """Read MSG and TNEF files, one after the other, until the parent closes the pipe."""
    while True:
        head = _read(frames.HEAD.size)
        if len(head) < frames.HEAD.size:
            return
        content = _read(frames.HEAD.unpack(head)[1])
        if content.startswith(tnef.SIGNATURE):
            _send_item(partial(tnef.read, content), "it cannot be read")
        else:
            _send_item(partial(msg.read, content), "it is broken", msg.NotMsg)


def _send_item(read: Any, broken: str, foreign: type[Exception] | None = None) -> None:
    try:
        item = read()
        content = outlook_message.message(item)
    except Exception as error:  # noqa: BLE001 - whatever the parsers of hostile files raise, it is this item's reason and no more
        if foreign is not None and isinstance(error, foreign):
            _send(frames.UNREADABLE, NO_ITEM.encode())
        else:
            _send(frames.UNREADABLE, _why(error, broken).encode())
        return
    _send(frames.CONTENT, content)
    properties = plain(item)
    if item.broken:
        properties["broken"] = item.broken
    _send(frames.TEXT, json.dumps({"at": _time(item), "properties": properties}).encode("utf-8", "replace"))


def _why(error: BaseException, broken: str) -> str:
    """The error as one plain sentence, without library internals."""
    if isinstance(error, MemoryError):
        return "reading it takes too much memory"
    if isinstance(error, Missing):
        return str(error)
    words = " ".join(str(error).split()).rstrip(".").rpartition(": ")[2][:200]
    return f"{broken}: {words}" if words else broken


def _time(item: Item) -> int | None:
    """When the mailbox got it, or it was sent, made or changed; ms."""
    return next((t for name in _TIMES if (t := mapi.number(item.properties, name))), None)


def plain(item: Item) -> dict[str, Any]:
    """Properties that are not in the message itself, as the head stores them (docs/formats.md, "Heads")."""
    properties = _plain(item.properties)
    if item.recipients:
        properties["recipients"] = [_plain(r) for r in item.recipients[:_MAX_LISTED]]
    if item.attachments:
        properties["attachments"] = [_plain(a.properties) for a in item.attachments[:_MAX_LISTED]]
    return properties


def _plain(properties: Properties) -> dict[str, Any]:
    return {name: _short(value) for name, value in properties.items() if name not in mapi.BODIES}


def _short(value: Value) -> Any:
    if isinstance(value, int):
        return value if abs(value) < 1 << 63 else str(value)
    if isinstance(value, list):
        return [_short(item) for item in value[:_MAX_LISTED]]
    text = f"hex:{value.hex()}" if isinstance(value, bytes) else value
    if len(text) <= _MAX_VALUE:
        return text
    data = value if isinstance(value, bytes) else value.encode("utf-8", "replace")
    return f"sha256:{sha256(data).hexdigest()} ({len(data)})"


def _read(size: int) -> bytes:
    pieces = []
    while size and (piece := os.read(0, min(size, frames.PIECE))):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _send(kind: bytes, content: bytes) -> None:
    view = memoryview(frames.HEAD.pack(kind, len(content)) + content)
    while view:
        view = view[os.write(_OUT, view[: frames.PIECE]) :]


if __name__ == "__main__":
    main()
