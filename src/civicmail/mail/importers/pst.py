"""Read Outlook data files (PST, OST) as items, by the folders that a person sees, in the order of the file (MS-PST 2.4).

Runs only in a sandboxed process (outlook_reader.py): the file is untrusted, and may be damaged anywhere.
A value, attachment or list that cannot be read is named in the result of its item or folder; the rest is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from civicmail.core.message import mapi, mapi_names
from civicmail.core.message.mapi import Item
from civicmail.mail.importers import pst_item
from civicmail.mail.importers.pst_file import Broken, Missing, Node, PstFile
from civicmail.mail.importers.pst_heap import Heap, Raw, Table, properties

_STORE, _NAMES, _ROOT = 0x21, 0x61, 0x122
_FOLDER, _MESSAGE = 0x02, 0x04  # types of nodes: the low 5 bits of their ids
_FOLDERS, _CONTENTS = 0x0D, 0x0E  # types of the tables of a folder
_SUBTREE, _CODEPAGE = 0x35E0, 0x3FFD  # PidTagIpmSubTreeEntryId, PidTagMessageCodepage
_SUBTREE_NAME = "IPM_SUBTREE"
_MAX_DEPTH = 200
_MAX_SEARCHED = 200  # folders, from the top, among which the person's own is looked for
DAMAGED = "its index is damaged: its items were found without it, and some may be missing"

type Read = Callable[[], Item]


def items(whole: PstFile) -> Iterator[tuple[str, Read]]:
    """(folder, function that reads the item) of each item. Raises Broken if there is no readable folder."""
    reader = pst_item.Reader(*_texts(whole))
    seen: set[int] = set()
    waiting = [(top, "", 0) for top in reversed(_tops(whole, reader))]
    while waiting:
        folder, path, depth = waiting.pop()
        if folder in seen or depth > _MAX_DEPTH:
            continue
        seen.add(folder)
        for type_, table in ((_MESSAGE, _CONTENTS), (_FOLDER, _FOLDERS)):
            ids, why = _listed(whole, folder, type_, table)
            if why:
                yield path, _raising(f"the list of a folder is damaged ({why}), so something in it may be missing")
            if type_ == _MESSAGE:
                for id_ in ids:
                    yield path, partial(_item, reader, whole, id_)
            else:
                inner = [(id_, f"{path}/{_name(whole, id_, reader) or '?'}".lstrip("/"), depth + 1) for id_ in ids]
                waiting += reversed(inner)


def missing(whole: PstFile) -> str:
    """Why items may be missing, else "": the header names a longer file (MS-PST 2.2.2.5, ibFileEof), or the index was unusable."""
    if whole.size < whole.stated_size:
        return f"it is cut short, {whole.size} of {whole.stated_size} bytes: what lay behind is missing"
    return DAMAGED if whole.mended else ""


def _raising(why: str) -> Read:
    def read() -> Item:
        raise Missing(why)

    return read


def _listed(whole: PstFile, folder: int, type_: int, table: int) -> tuple[list[int], str]:
    """The ids of what a folder lists, and why its list cannot be read; then those whose parent it is."""
    try:
        node = whole.node(folder & ~0x1F | table)
        return [id_ for id_ in Table(node).ids() if id_ & 0x1F == type_] if node else [], ""
    except Broken as error:
        ids = dict.fromkeys(id_ for id_, above in whole.parents() if above == folder and id_ & 0x1F == type_ and id_ != folder)
        return list(ids), str(error)


def _item(reader: pst_item.Reader, whole: PstFile, id_: int) -> Item:
    return reader.item(_node(whole, id_))


def _node(whole: PstFile, id_: int) -> Node:
    node = whole.node(id_)
    if node is None:
        raise Broken("its folder lists it, and the file does not have it")
    return node


def _texts(whole: PstFile) -> tuple[mapi_names.Names, str]:
    """The names of properties, and the code page of texts without one."""
    names: mapi_names.Names = {}
    try:
        if node := whole.node(_NAMES):
            streams = {raw.number: raw.data for raw in _quietly(node)}
            names = mapi_names.read(streams.get(2, b""), streams.get(3, b""), streams.get(4, b""))
    except Broken:
        pass
    page = _of_store(whole, _CODEPAGE)
    return names, mapi.codec_of(int.from_bytes(page, "little")) if page else "cp1252"


def _of_store(whole: PstFile, property_id: int) -> bytes:
    """A property of the file itself; empty where it has none."""
    try:
        store = whole.node(_STORE)
        return next((raw.data for raw in _quietly(store) if raw.number == property_id), b"") if store else b""
    except Broken:
        return b""


def _quietly(node: Node) -> Iterator[Raw]:
    return properties(Heap(node), lambda _number, _error: None)


def _name(whole: PstFile, folder: int, reader: pst_item.Reader) -> str:
    try:
        return mapi.text(reader.item(_node(whole, folder)).properties, mapi.NAME)
    except Broken:
        return ""


def _tops(whole: PstFile, reader: pst_item.Reader) -> list[int]:
    """The folder that a person's folders lie in, by the entry that the store has of it, or those with its name (an OST has one for
    public folders, too); else the root."""
    subtree = int.from_bytes(_of_store(whole, _SUBTREE)[-4:], "little")
    if subtree & 0x1F == _FOLDER and whole.node(subtree):
        return [subtree]
    if whole.node(_ROOT) is None:
        folders = {id_: above for id_, above in whole.parents() if id_ & 0x1F == _FOLDER}
        if not folders:
            raise Broken("it has no folders")
        return [id_ for id_, above in folders.items() if above == id_ or above not in folders]
    tops: list[int] = []
    waiting, seen = [_ROOT], 0
    while waiting and seen < _MAX_SEARCHED:
        folder, seen = waiting.pop(0), seen + 1
        if _name(whole, folder, reader) == _SUBTREE_NAME:
            tops.append(folder)
        else:
            waiting += _listed(whole, folder, _FOLDER, _FOLDERS)[0]
    return tops or [_ROOT]
