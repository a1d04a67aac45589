"""Decoded values of a header block: subject, date, addresses, identifiers (RFC 5322 3.6, RFC 2919)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from civicmail.core.message import addresses, dates, defect_codes, encoded_words, header_block, limits
from civicmail.core.message.header_block import HeaderBlock
from civicmail.core.message.model import Address, Defect

_ID = re.compile(r"<([^<>]*)>")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


class HeaderValues(NamedTuple):
    """The decoded values; addresses of repeated fields are put together, of other repeated fields the first counts."""

    subject: str
    date: datetime | None
    message_id: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    list_id: str
    from_: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    bcc: tuple[Address, ...]


def read(head: HeaderBlock, hint: str, defects: list[Defect]) -> HeaderValues:
    """Read the values of the block; adds its defects to found. hint: charset for unlabeled 8-bit."""
    defects.extend(header_block.repeated(head))
    date = None
    if raw := head.first(b"date"):
        date = dates.parse(encoded_words.text(raw))
        if date is None:
            defects.append(Defect(defect_codes.DATE_BROKEN, head.start))
    return HeaderValues(
        subject=subject(head, hint),
        date=date,
        message_id=_message_id(head.first(b"message-id")),
        in_reply_to=_ids(head.first(b"in-reply-to")),
        references=_ids(head.first(b"references")),
        list_id=_list_id(head.first(b"list-id"), hint),
        from_=_addresses(head, b"from", hint, defects),
        to=_addresses(head, b"to", hint, defects),
        cc=_addresses(head, b"cc", hint, defects),
        bcc=_addresses(head, b"bcc", hint, defects),
    )


def subject(head: HeaderBlock, hint: str) -> str:
    """The decoded subject on one line, without control characters."""
    raw = head.first(b"subject")
    if not raw:
        return ""
    value = encoded_words.decode(raw, hint)
    return value if value.isprintable() else _CONTROL.sub(" ", value).strip()


def _addresses(head: HeaderBlock, name: bytes, hint: str, defects: list[Defect]) -> tuple[Address, ...]:
    values = head.fields.get(name)
    if values is None:
        return ()
    if len(values) == 1:
        every = addresses.parse(encoded_words.text(values[0], hint))
    else:
        every = tuple([address for value in values for address in addresses.parse(encoded_words.text(value, hint))])
    if len(every) >= limits.ADDRESSES:
        defects.append(Defect(defect_codes.ADDRESS_LIMIT, head.start, name.decode("ascii")))
    for address in every:
        if not address.local or not address.domain:
            defects.append(Defect(defect_codes.ADDRESS_BROKEN, head.start, name.decode("ascii")))
            break
    return every


def _message_id(raw: bytes) -> str:
    if not raw:
        return ""
    value = encoded_words.text(raw)
    match = _ID.search(value)
    return (match[1].strip() if match else "") or value.strip("<> \t")


def _ids(raw: bytes) -> tuple[str, ...]:
    """Message identifiers without brackets; without any bracket, the words that look like one."""
    if not raw:
        return ()
    value = encoded_words.text(raw)
    marked = [one for candidate in _ID.findall(value) if (one := candidate.strip())]
    return tuple(marked or [word for word in value.split() if "@" in word and "<" not in word])


def _list_id(raw: bytes, hint: str) -> str:
    if not raw:
        return ""
    value = encoded_words.decode(raw, hint)
    marked = _ID.findall(value)
    return (marked[-1] if marked else value).strip().lower()
