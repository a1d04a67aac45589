"""Real and torture mail: everything is read, both doors agree, and every difference to the standard library is of a known kind.

The kinds, their counts and which side is right stand in docs/message-differences.md. Nothing of the mail is printed: a failure
names the set, the number of the message in it and the field.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.utils import collapse_rfc2231_value, getaddresses
from pathlib import Path

import pytest

from civicmail.core.message import defect_codes, header_scan, message_parser, structure
from civicmail.core.message.model import ParsedMessage

pytestmark = [pytest.mark.corpora, pytest.mark.timeout(600)]

_TORTURE = ("mimekit", "mime4j", "ruby-mail", "stalwart-mail-parser", "enmime", "cpython", "bounces_sisimai")
_LISTS = ("linux-man", "cygwin-patches", "osst-users", "open-iscsi", "osmocom-net-gprs")
_EVERY_NTH = 12
_SHOWN = ("text/plain", "text/html", "text/enriched", "text/richtext")


def _messages(corpora: Path, name: str) -> Iterator[bytes]:
    if name in _LISTS:
        yield from _listed(corpora / "lists" / name)
        return
    for file in sorted((corpora / name).rglob("*")):
        if file.is_file() and file.suffix != ".xml":  # mime4j's expected output, which quotes the messages
            yield file.read_bytes()


def _listed(folder: Path) -> Iterator[bytes]:
    files: dict[str, bytes] = {}
    for row in (folder / "index.tsv").read_text().splitlines()[1::_EVERY_NTH]:
        name, offset, length = row.split("\t")[:3]
        whole = files.setdefault(name, (folder / name).read_bytes() if name not in files else b"")
        # mboxrd quotes lines, so a little more than the raw length holds the message.
        piece = whole[int(offset) : int(offset) + int(length) + int(length) // 10 + 1_000]
        yield re.sub(rb"(?m)^>(>*From )", rb"\1", piece)[: int(length)]


@dataclass
class _Values:
    subject: str
    from_: list[str]
    text: list[str]
    attachments: list[tuple[str, str]]


def _plain(text: str) -> str:
    return re.sub(r"[ \t\r\n\f\v]+", " ", text.replace("\0", "").removeprefix("\ufeff")).strip()


def _decoded(value: object) -> str:
    try:
        return str(make_header(decode_header(str(value))))
    except (LookupError, ValueError):
        return str(value)


def _standard(raw: bytes) -> _Values:
    message = message_from_bytes(raw)
    values = _Values(_plain(_decoded(message["subject"] or "")), [], [], [])
    values.from_ = [address.lower() for _, address in getaddresses([str(one) for one in message.get_all("from", [])]) if address]
    _gather(message, values)
    return values


def _gather(part: Message, values: _Values) -> None:
    kind = part.get_content_type()
    if part.is_multipart() and not kind.startswith("message/"):
        for child in part.get_payload():
            assert isinstance(child, Message)
            _gather(child, values)
        return
    name = part.get_filename()
    shown = _plain(_decoded(collapse_rfc2231_value(name))) if name else ""
    body = kind.startswith(("text/", "multipart/")) and part.get_content_disposition() != "attachment"
    if body and kind != "text/html":
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        try:
            text = data.decode(part.get_content_charset() or "ascii")
        except (LookupError, ValueError):
            text = data.decode("utf-8", "replace")
        values.text.append(_plain(text))
    if shown or not body or not (kind in _SHOWN or kind.startswith("multipart/")):
        values.attachments.append((shown, kind))


def _ours(raw: bytes, message: ParsedMessage) -> _Values:
    return _Values(
        _plain(message.subject),
        [address.addr.lower() for address in message.from_ if address.addr],
        [_plain(text) for text in structure.texts(structure.parse(raw)).plain],
        [(_plain(part.filename), part.content_type) for part in message.attachments],
    )


_C1 = re.compile(r"[\x80-\x9f]")
_FOLDED_BOUNDARY = re.compile(rb"boundary=\"[^\"\r\n]*\r?\n[^\"]*\"", re.IGNORECASE)
_BAD_TYPE = re.compile(r"'\w+/[\w+-]+[^\w+.'-]")
_NO_SEMICOLON = re.compile(rb"\nContent-Type: multipart/\w+\s+boundary", re.IGNORECASE)
_INSIDE = re.compile(rb"(?m)^begin [0-7]{3,4} |ms-tnef|winmail\.dat|pkcs7-mime|text/calendar|text/(?:x-)?vcard", re.IGNORECASE)
_IN_A_TEXT = re.compile(
    rb"(?m)^(?:=ybegin |\(This file must be converted|(?:[A-Za-z0-9+/]{60,}[ \t]?\r?\n){3})|\bdata:image/", re.IGNORECASE
)
_STRUCTURE = {
    defect_codes.HEADER_LINE,
    defect_codes.LEADING_BLANK,
    defect_codes.BYTE_ORDER_MARK,
    defect_codes.SEPARATOR_MISSING,
    defect_codes.HEADER_MISSING,
    defect_codes.HEADER_EMPTY,
}
_CHARSET = {defect_codes.CHARSET_MISSING, defect_codes.CHARSET_UNKNOWN, defect_codes.CHARSET_WRONG, defect_codes.TEXT_UNREADABLE}


def _kind(field: str, theirs: object, mine: object, codes: set[str], raw: bytes) -> str | None:
    """The kind of a difference in one field, None when nobody has judged it yet."""
    said = repr(theirs)
    rules = [
        ("header-structure", bool(codes & _STRUCTURE) or bool(re.search(rb"\n[A-Za-z-]+[ \t]+:", _headers_of(raw)))),
        ("raw-8bit", "\ufffd" in str(theirs) or "\\ufffd" in str(theirs) or "\\udc" in said or "unknown-8bit" in said),
        ("windows-1252", bool(_C1.search(str(theirs)) or "\\x8" in said or "\\x9" in said)),
        ("charset", field == "text" and bool(codes & _CHARSET)),
        ("boundary", defect_codes.BOUNDARY_MISSING in codes or bool(_FOLDED_BOUNDARY.search(raw))),
        (
            "transfer",
            field == "text"
            and bool(codes & {defect_codes.BASE64_BROKEN, defect_codes.UUENCODE_BROKEN, defect_codes.ENCODING_UNKNOWN}),
        ),
        ("encoded-word", field in ("subject", "attachments") and "=?" in said),
        ("encoded-address", field == "from_" and "=?" in said),
        ("strict-addresses", field == "from_" and len(str(theirs)) < len(str(mine))),
        ("address-words", field == "from_" and defect_codes.ADDRESS_BROKEN in codes),
        ("quoted-local", field == "from_" and '"' in said),
        ("white-space-in-address", field == "from_" and " " in "".join(map(str, theirs if isinstance(theirs, list) else []))),
        ("white-space-between-words", field == "subject" and said.replace(" ", "") == repr(mine).replace(" ", "")),
        ("inside", field in ("attachments", "text") and bool(_INSIDE.search(raw))),
        ("in-a-text", field == "attachments" and _is_more(theirs, mine) and bool(_IN_A_TEXT.search(raw))),
        ("content-type", field in ("attachments", "text") and bool(_BAD_TYPE.search(said) or _NO_SEMICOLON.search(raw))),
    ]
    return next((name for name, holds in rules if holds), None)


def _is_more(theirs: object, mine: object) -> bool:
    """Whether all that they found was found, and more."""
    assert isinstance(theirs, list) and isinstance(mine, list)
    return len(mine) > len(theirs) and [one for one in mine if one in theirs] == theirs


def _headers_of(raw: bytes) -> bytes:
    return b"\n" + raw[: header_scan.header_length(raw)]


@pytest.mark.parametrize("name", ["spamassassin", *_TORTURE, *_LISTS])
def test_everything_is_read_and_both_doors_agree(corpora: Path, name: str) -> None:
    for number, raw in enumerate(_messages(corpora, name)):
        one, view = message_parser.parse(raw), message_parser.fields(raw)
        assert one.size == len(raw), (name, number)
        for field in ("subject", "from_", "to", "cc", "bcc", "date", "message_id", "references", "list_id"):
            assert getattr(one, field) == getattr(view, field), (name, number, field)
        assert one.text in view.text and one.html_text in view.text, (name, number)
        assert header_scan.topmost_received_date(raw) == view.received, (name, number)


@pytest.mark.parametrize("name", ["spamassassin", "cwl_scam_corpus", *_TORTURE, *_LISTS])
def test_every_difference_to_the_standard_library_is_of_a_known_kind(corpora: Path, name: str) -> None:
    kinds: Counter[tuple[str, str]] = Counter()
    unknown = []
    for number, raw in enumerate(_messages(corpora, name)):
        message = message_parser.parse(raw)
        codes = {defect.code for defect in message.defects}
        if defect_codes.HEADER_MISSING in codes or (defect_codes.HEADER_EMPTY in codes and header_scan.header_length(raw) < 3):
            continue  # an expectation or a picture beside the messages, not a message
        theirs, mine = _standard(raw), _ours(raw, message)
        for field in ("subject", "from_", "text", "attachments"):
            if getattr(theirs, field) != getattr(mine, field):
                kind = _kind(field, getattr(theirs, field), getattr(mine, field), codes, raw)
                kinds[field, kind or "?"] += 1
                if kind is None:
                    unknown.append((name, number, field))
    assert not unknown
