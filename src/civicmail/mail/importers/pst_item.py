"""One item of an Outlook data file: properties, recipients, attachments, and embedded items (MS-PST 2.4.5, 2.4.6)."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from civicmail.core.message import mapi
from civicmail.core.message.mapi import Attachment, Item, Properties, Value
from civicmail.core.message.mapi_names import Names
from civicmail.mail.importers.pst_file import Broken, Node
from civicmail.mail.importers.pst_heap import Heap, Raw, Table, properties

_RECIPIENTS, _ATTACHMENTS, _ATTACHMENT = 0x692, 0x671, 0x05
_CONTENT, _CODEPAGES = 0x3701, (0x3FFD, 0x3FDE)
_OBJECT, _MANY_VALUES = 0x0D, 0x1000
_EMBEDDED = 5  # PidTagAttachMethod: afEmbeddedMessage
_DEPTH = 8
_MANY = 10_000  # recipients or attachments of one item, and values of one property
_MAX_ITEMS = 1_000  # inside one
_MAX_BYTES = 1 << 30  # of all attachments of one item and those inside it


@dataclass(slots=True)
class _Origin:
    """The errors of one item, and what it may still contain."""

    wrong: Counter[str] = field(default_factory=Counter)
    items: int = _MAX_ITEMS
    bytes: int = _MAX_BYTES

    def value(self, _number: int, error: Broken) -> None:
        self.wrong[str(error)] += 1

    def problems(self) -> str:
        return "; ".join(f"{why} ({count})" if count > 1 else why for why, count in self.wrong.items())


class Reader:
    """Reads items. names: of the properties of this file; codec: of texts without a code page."""

    def __init__(self, names: Names, codec: str) -> None:
        self._names = names
        self._codec = codec

    def item(self, node: Node) -> Item:
        """Raises Broken where it has no properties at all."""
        case = _Origin()
        damaged = node.file.damaged
        item = self._item(node, self._codec, case, 0)
        if node.file.damaged > damaged:
            case.wrong["a block has not its checksum"] += node.file.damaged - damaged
        item.broken = case.problems()
        return item

    def _item(self, node: Node, codec: str, case: _Origin, depth: int) -> Item:
        heap = Heap(node)
        item_properties, codec, _ = self._properties(properties(heap, case.value), codec)
        item = Item(item_properties)
        if _RECIPIENTS in heap.nodes:
            try:
                for row in Table(heap.nodes[_RECIPIENTS]).rows(case.value):
                    item.recipients.append(self._properties(row, codec)[0])
                    if len(item.recipients) >= _MANY:
                        break
            except Broken as error:
                case.wrong[f"its list of recipients: {error}"] += 1
        for id_ in self._attachments(heap, case):
            item.attachments.append(self._attachment(heap.nodes.get(id_), codec, case, depth))
        return item

    def _attachments(self, heap: Heap, case: _Origin) -> list[int]:
        if _ATTACHMENTS not in heap.nodes:
            return []
        try:
            return Table(heap.nodes[_ATTACHMENTS]).ids()[:_MANY]
        except Broken as error:
            case.wrong[f"its list of attachments: {error}"] += 1
            return [id_ for id_ in heap.nodes if id_ & 0x1F == _ATTACHMENT][:_MANY]

    def _attachment(self, node: Node | None, codec: str, case: _Origin, depth: int) -> Attachment:
        """An attachment; its errors are also in its properties."""
        own = _Origin(items=case.items, bytes=case.bytes)
        attachment = Attachment()
        try:
            if node is None:
                raise Broken("an attachment is missing")
            self._fill(attachment, node, codec, own, depth)
        except Broken as error:
            own.wrong[str(error)] += 1
        if own.wrong:
            attachment.properties["unread"] = own.problems()
            case.wrong["an attachment could not be read whole"] += 1
        case.items, case.bytes = own.items, own.bytes
        return attachment

    def _fill(self, attachment: Attachment, node: Node, codec: str, case: _Origin, depth: int) -> None:
        heap = Heap(node)
        attachment.properties, codec, content = self._properties(properties(heap, case.value), codec)
        attachment.properties.pop(mapi.DATA, None)
        if content is None:
            return
        if content.kind != _OBJECT:
            attachment.content = self._spent(content.data, case)
            return
        inner = heap.nodes.get(int.from_bytes(content.data[:4], "little"))
        if inner is None:
            raise Broken("the content of an attachment is missing")
        if mapi.number(attachment.properties, mapi.METHOD) != _EMBEDDED:
            attachment.content = self._spent(inner.content(), case)
            return
        case.items -= 1
        if depth >= _DEPTH or case.items < 0:
            raise Broken("items lie in items without an end")
        attachment.item = self._item(inner, codec, case, depth + 1)

    def _spent(self, data: bytes, case: _Origin) -> bytes:
        case.bytes -= len(data)
        if case.bytes < 0:
            raise Broken("its attachments are more than anybody could send")
        return data

    def _properties(self, raws: Iterable[Raw], codec: str) -> tuple[Properties, str, Raw | None]:
        """The properties, the codec of their texts, and the content if they have one."""
        every = list(raws)
        pages = {raw.number: int.from_bytes(raw.data[:4], "little") for raw in every if raw.number in _CODEPAGES}
        if page := pages.get(_CODEPAGES[0]) or pages.get(_CODEPAGES[1]):
            codec = mapi.codec_of(page)
        values: Properties = {}
        content = None
        for raw in every:
            if raw.number == _CONTENT:
                content = raw
            elif raw.kind != _OBJECT:
                key = self._names.get(raw.number) or mapi.key(raw.number)
                values[key] = _values(raw, codec) if raw.kind & _MANY_VALUES else mapi.value(raw.kind, raw.data, codec)
        return values, codec, content


def _values(raw: Raw, codec: str) -> Value:
    """The values of a property with several (MS-PST 2.3.3.4); its bytes where they do not add up."""
    kind, data = raw.kind & ~_MANY_VALUES, raw.data
    if size := mapi.width(kind):
        places = range(0, min(len(data) // size, _MANY) * size, size)
        return [mapi.value(kind, data[at : at + size], codec) for at in places]  # type: ignore[return-value]
    count = min(int.from_bytes(data[:4], "little"), _MANY)
    if len(data) < 4 + count * 4:
        return data
    starts = [*struct.unpack_from(f"<{count}I", data, 4), len(data)]
    return [mapi.value(kind, data[a:b], codec) for a, b in pairwise(starts)]  # type: ignore[return-value]
