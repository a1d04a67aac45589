"""Parse a message: parse() gives a ParsedMessage, fields() only the values that a search needs. Both use structure.py.

Neither raises on any bytes, and both take time linear in the size of the message; errors become defects (defect_codes.py).
"""

from __future__ import annotations

from civicmail.core.message import (
    addresses,
    blind_fields,
    dates,
    defect_codes,
    encoded_words,
    header_values,
    limits,
    links,
    structure,
)
from civicmail.core.message.header_block import Buffer
from civicmail.core.message.header_scan import as_buffer
from civicmail.core.message.mime_tree import Node, content
from civicmail.core.message.model import Address, Attached, Defect, Fields, Header, Link, ParsedMessage, Part
from civicmail.core.message.structure import Structure, Texts


def parse(raw: bytes | memoryview | Buffer) -> ParsedMessage:
    """The message as a ParsedMessage. Offsets are those of raw; the offsets of a child are those of its decoded part."""
    return _parsed_message(structure.parse(as_buffer(raw)))


def fields(raw: bytes | memoryview | Buffer) -> Fields:
    """The values of a message that a search needs. Fast: less than a tenth of a millisecond for list mail of 8 KB."""
    message = structure.parse(as_buffer(raw))
    texts = structure.texts(message)
    head = header_values.read(message.head, message.charset, message.defects)
    words: list[str] = []
    attached: list[Attached] = []
    attached_words: list[str] = []
    unreadable = _gather(message, texts, words, attached, attached_words)
    received = message.head.first(b"received")
    hidden = blind_fields.sizes(message.raw, message.head, message.defects)
    return Fields(
        subject=head.subject,
        from_=head.from_,
        to=head.to,
        cc=head.cc,
        bcc=head.bcc,
        date=head.date,
        message_id=head.message_id,
        in_reply_to=head.in_reply_to,
        references=head.references,
        list_id=head.list_id,
        text="\n".join(words),
        attachments=tuple(attached),
        received=dates.received(encoded_words.text(received)) if received else None,
        defects=tuple(dict.fromkeys([defect.code for defect in _all_defects(message)])),
        unreadable=unreadable,
        attached_text="\n".join(attached_words),
        blind=hidden[0],
        for_whom=hidden[1],
    )


def _gather(message: Structure, texts: Texts, words: list[str], attached: list[Attached], attached_words: list[str]) -> int:
    words.extend(texts.plain)
    words.extend(texts.visible)
    words.extend(texts.reports)
    words.extend(texts.hidden)
    words.extend(texts.elsewhere)
    attached_words.extend(texts.attached)
    unreadable = texts.unreadable
    attached.extend(
        [
            Attached(node.filename, node.content_type, len(data := content(message.raw, node, message.defects)), data)
            for node in message.nodes
            if node.attachment
        ]
    )
    for _, child in message.children:
        child_texts = structure.texts(child)
        if subject := header_values.read(child.head, child.charset, child.defects).subject:
            words.append(subject)
        unreadable += _gather(child, child_texts, words, attached, attached_words)
    return unreadable


def _all_defects(message: Structure) -> list[Defect]:
    if not message.children:
        return message.defects
    defects = list(message.defects)
    for _, child in message.children:
        defects.extend(_all_defects(child))
    return defects


def _parsed_message(message: Structure, part: str = "") -> ParsedMessage:
    raw, block, defects = message.raw, message.head, message.defects
    texts = structure.texts(message, with_links=True)
    head = header_values.read(block, message.charset, defects)
    parts = {node.path: _part(raw, node, defects) for node in message.nodes}
    return ParsedMessage(
        size=len(raw),
        headers=_headers(message),
        subject=head.subject,
        date=head.date,
        message_id=head.message_id,
        in_reply_to=head.in_reply_to,
        references=head.references,
        list_id=head.list_id,
        from_=head.from_,
        sender=_addresses(message, b"sender"),
        reply_to=_addresses(message, b"reply-to"),
        to=head.to,
        cc=head.cc,
        bcc=head.bcc,
        text="\n".join(texts.plain),
        html_text="\n".join(texts.visible),
        hidden_text="\n".join(texts.hidden),
        elsewhere_text="\n".join(texts.elsewhere),
        parts=tuple(parts.values()),
        attachments=tuple([parts[node.path] for node in message.nodes if node.attachment]),
        links=_links(texts, defects),
        children=tuple([_parsed_message(child, node.path) for node, child in message.children]),
        defects=tuple(sorted(dict.fromkeys(defects), key=lambda defect: defect.where)),
        part=part,
    )


def _part(raw: Buffer, node: Node, defects: list[Defect]) -> Part:
    data = content(raw, node, defects)
    return Part(
        path=node.path,
        content_type=node.content_type,
        charset=node.charset.lower(),
        disposition=node.disposition,
        filename=node.filename,
        content_id=encoded_words.text(node.block.first(b"content-id")).strip("<> \t"),
        encoding=node.encoding,
        offset=node.start,
        length=node.end - node.start,
        content=data,
        also=node.also,
        spelled=node.spelled,
    )


def _headers(message: Structure) -> tuple[Header, ...]:
    hint = message.charset
    return tuple(
        [
            Header(name.decode("ascii"), encoded_words.decode(value, hint), value.strip(b" \t\r\n"), offset)
            for offset, name, value in structure.limited(message.head)
        ]
    )


def _addresses(message: Structure, name: bytes) -> tuple[Address, ...]:
    values = message.head.fields.get(name, ())
    hint = message.charset if values else ""
    return tuple([address for value in values for address in addresses.parse(encoded_words.text(value, hint))])


def _links(texts: Texts, defects: list[Defect]) -> tuple[Link, ...]:
    every = list(texts.links)
    for path, text in texts.linked:
        every.extend(Link(url, url, path) for url in links.in_text(text))
    limit = limits.LINKS
    if len(every) > limit:
        defects.append(Defect(defect_codes.LINKS_LIMIT, -1, str(len(every))))
    return tuple(every[:limit])
