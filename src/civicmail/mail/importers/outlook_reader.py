"""Answer requests for the items of Outlook files (outlook_items.py). Only sandboxed processes import it."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from typing import Any

from civicmail.core.message import mapi, outlook_message, tnef
from civicmail.core.message.mapi import Item, Properties, Value
from civicmail.core.sandbox import msg
from civicmail.core.sandbox.worker import Emit
from civicmail.mail.importers import pst
from civicmail.mail.importers.outlook_items import NO_ITEM, BuiltMessage, ReadItem, ReadStore
from civicmail.mail.importers.pst_file import Missing, PstFile

_TIMES = (mapi.DELIVERED, mapi.SUBMITTED, mapi.CREATED, mapi.CHANGED)
_MAX_VALUE = 512  # characters of a value in a head
_MAX_LISTED = 300  # recipients and attachments with properties in a head


def read_item(content: bytes, _request: ReadItem) -> BuiltMessage | str:
    if content.startswith(tnef.SIGNATURE):
        return _built(partial(tnef.read, content), "it cannot be read")
    return _built(partial(msg.read, content), "it is broken", msg.NotMsg)


def read_store(_content: bytes, request: ReadStore, emit: Emit) -> None:
    whole = None
    try:
        with os.fdopen(request.descriptor, "rb") as file:
            whole = PstFile(file)
            for index, (folder, read) in enumerate(pst.items(whole)):
                if index >= request.first:
                    emit((index, folder))
                    emit(_built(read, "it cannot be read"))
            missing = pst.missing(whole)
    except (OSError, MemoryError) as error:
        missing = (pst.missing(whole) if whole else "") or _why(error, "it is broken")
    if missing:
        emit((-1, ""))
        emit(missing)


def _built(read: Callable[[], Item], broken: str, foreign: type[Exception] | tuple[()] = ()) -> BuiltMessage | str:
    try:
        item = read()
        content = outlook_message.message(item)
    except foreign:
        return NO_ITEM
    except Exception as error:  # noqa: BLE001 - whatever the parsers of hostile files raise, it is this item's reason and no more
        return _why(error, broken)
    properties = plain(item)
    if item.broken:
        properties["broken"] = item.broken
    return BuiltMessage(content, _time(item), properties)


def _why(error: BaseException, broken: str) -> str:
    """The error as one plain sentence, without library internals."""
    if isinstance(error, MemoryError):
        return "reading it takes too much memory"
    if isinstance(error, Missing):
        return str(error)
    words = " ".join(str(error).split()).rstrip(".").rpartition(": ")[2][:200]
    return f"{broken}: {words}" if words else broken


def _time(item: Item) -> int | None:
    """When the mailbox received the item, or when it was sent, created or changed; ms."""
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
