"""Outlook data files (PST, OST) as items, by libpff: the folders that a person sees, in the order of the file.

Runs in a limited process only (itemreader.py): the library is native and the file is somebody else's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from os import SEEK_END
from typing import Any, BinaryIO

import pypff

from civicmail.core.message import mapi
from civicmail.core.message.mapi import Attachment, Item, Properties
from civicmail.mail.importers import heap

_SUBTREE = 0x35E0  # PidTagIpmSubTreeEntryId
_SUBTREE_NAME = "IPM_SUBTREE"
_DEPTH = 8
_MANY = 10_000
_OBJECT = 0x000D
_EMBEDDED = 5  # PidTagAttachMethod: afEmbeddedMessage

type Read = Callable[[], Item]


def items(file: BinaryIO) -> Iterator[tuple[str, Read]]:
    """(folder, how to read the item) of each item. Raises OSError where the file is none that can be read."""
    whole = pypff.file()
    whole.open_file_object(file)
    codec = _codec(whole)
    waiting: list[tuple[Any, str]] = [(_top(whole), "")]
    while waiting:
        folder, path = waiting.pop()
        for number in range(folder.number_of_sub_messages):
            yield path, lambda folder=folder, number=number: _item(folder.get_sub_message(number), codec, 0)  # type: ignore[misc]
        inner: list[tuple[Any, str]] = []
        for number in range(folder.number_of_sub_folders):
            try:
                sub = folder.get_sub_folder(number)
                inner.append((sub, f"{path}/{sub.name or '?'}".lstrip("/")))
            except OSError as error:
                yield path, _raising(error)
        waiting += reversed(inner)


def shortage(file: BinaryIO) -> str:
    """Why the file cannot be whole: its header names a longer one (MS-PST 2.2.2.5, ibFileEof). Else ""."""
    header = file.read(192)
    wide = int.from_bytes(header[10:12], "little") >= 23
    wanted = int.from_bytes(header[184:192] if wide else header[168:172], "little")
    size = file.seek(0, SEEK_END)
    file.seek(0)
    return f"it is cut short, {size} of {wanted} bytes: what lay behind is missing" if size < wanted else ""


def _raising(error: OSError) -> Read:
    def read() -> Item:
        raise error

    return read


def _codec(whole: Any) -> str:
    try:
        page = str(whole.ascii_codepage)
    except OSError:
        page = ""
    digits = "".join(letter for letter in page if letter.isdigit())
    return mapi.codec_of(int(digits)) if digits else "cp1252"


def _top(whole: Any) -> Any:
    """The folder that a person's folders lie in, by the entry that the store has of it, or by its name (OST); else the root."""
    root = whole.get_root_folder()
    try:
        entries = [e for s in whole.message_store.record_sets for e in s.entries if e.entry_type == _SUBTREE]
        wanted = int.from_bytes(entries[0].data[-4:], "little") if entries and entries[0].data else 0
    except (OSError, AttributeError):
        wanted = 0
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        if folder.identifier == wanted or folder.name == _SUBTREE_NAME:
            return folder
        try:
            waiting += [folder.get_sub_folder(n) for n in range(folder.number_of_sub_folders)]
        except OSError:
            continue
    return root


def _item(message: Any, codec: str, depth: int) -> Item:
    item = Item(_properties(message, codec))
    codec = mapi.codec_of(mapi.number(item.properties, mapi.CODEPAGE)) if mapi.CODEPAGE in item.properties else codec
    recipients = getattr(message, "recipients", None)
    if recipients is not None:
        for number in range(min(recipients.number_of_record_sets, _MANY)):
            item.recipients.append(_of(recipients.get_record_set(number), codec))
    for number in range(min(getattr(message, "number_of_attachments", 0), _MANY)):
        item.attachments.append(_attachment(message.get_attachment(number), codec, depth))
    return item


def _attachment(attachment: Any, codec: str, depth: int) -> Attachment:
    found = Attachment(_properties(attachment, codec))
    found.properties.pop(mapi.DATA, None)
    if attachment.number_of_sub_items and depth < _DEPTH:
        found.item = _item(attachment.get_sub_item(0), codec, depth + 1)
        return found
    try:
        size = attachment.size
        found.content = attachment.read_buffer(size) if size else b""
    except (OSError, AttributeError):
        found.properties["unread"] = "the content of the attachment could not be read"
    if mapi.number(found.properties, mapi.METHOD) == _EMBEDDED and (embedded := heap.item(found.content, codec)) is not None:
        found.item = embedded
        found.properties["unread"] = embedded.broken
    return found


def _properties(thing: Any, codec: str) -> Properties:
    found: Properties = {}
    for number in range(thing.number_of_record_sets):
        found.update(_of(thing.get_record_set(number), codec))
    return found


def _of(record_set: Any, codec: str) -> Properties:
    found: Properties = {}
    entries = [(e.entry_type, e.value_type, e) for e in record_set.entries]
    page = next((e.data for number, _, e in entries if number == 0x3FFD), None)
    codec = mapi.codec_of(int.from_bytes(page[:4], "little")) if page else codec
    for number, kind, entry in entries:
        if kind is None or number is None or kind & 0xEFFF == _OBJECT:
            continue
        try:
            data = entry.data
        except OSError:
            continue
        if data is not None:
            # Lists have an encoding of their own that nothing here needs; their bytes are kept.
            found[mapi.key(number)] = data if kind & 0x1000 else mapi.value(kind, data, codec)
    return found
