"""Build a message from the properties of an Outlook item, the same bytes each time (RFC 5322, MIME). Pure.

Header fields come from the stored transport headers, and missing ones from properties. The body is the plain text, the HTML (also
from RTF), other RTF, the calendar or contact data of properties as iCalendar or vCard, and the attachments. Nothing is invented: a
sender without an SMTP address keeps its original form.
"""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256

from civicmail.core.message import limits, mapi, outlook_calendar, outlook_contact, rtf
from civicmail.core.message.mapi import Item, Properties

_EOL = b"\r\n"
_FIELD = re.compile(r"[!-9;-~]+[ \t]*:")
_REBUILT = re.compile(r"(?:content-[a-z-]+|mime-version)[ \t]*:", re.IGNORECASE)
_UNSAFE = re.compile(r"[\x00-\x1f\x7f]+")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+\Z")
_UNSAFE_BYTES = re.compile(rb"[\x00\r\n\x80-\xff]")
_TOKEN = re.compile(r"[A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+\Z")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KINDS = ((1, "To"), (2, "Cc"), (3, "Bcc"))
_AS_IT_IS = ("text/plain", "text/calendar", "text/vcard")  # without base64, where no line needs it
_WORD_BYTES = 45  # of UTF-8 in one encoded word, which then has at most 75 characters (RFC 2047 2)


def message(item: Item, depth: int = 0) -> bytes:
    """The bytes of the message. depth: items that this one is embedded in; those beyond the limit become empty."""
    content_fields, content = _content(item, depth)
    return _EOL.join([*_header(item), b"MIME-Version: 1.0", *content_fields, b"", content])


def bodies(item: Item) -> tuple[bytes, bytes]:
    """(plain text, HTML), both UTF-8 or as declared inside the HTML, each empty when the item has none."""
    p = item.properties
    plain = mapi.text(p, mapi.BODY)
    page = p.get(mapi.HTML, b"")
    html = page if isinstance(page, bytes) else page.encode() if isinstance(page, str) else b""
    if html:
        html = _utf8(html, mapi.number(p, mapi.INTERNET_CODEPAGE))
    packed = p.get(mapi.RTF)
    if isinstance(packed, bytes) and packed and not html:
        source = rtf.decompress(packed)
        if rtf.is_html(source):
            html = rtf.html(source).encode()
        elif not plain:
            plain = rtf.text(source)
    return _lines(plain).encode(), html


def made(item: Item) -> list[tuple[str, bytes]]:
    """(media type with parameters, content) of calendar, task or contact data in properties."""
    calendar, card = outlook_calendar.part(item), outlook_contact.part(item)
    calendar_part = [(f"text/calendar; {calendar[0]}", calendar[1])] if calendar else []
    return [*calendar_part, ("text/vcard; charset=utf-8", card)] if card else calendar_part


def _utf8(html: bytes, codepage: int | None) -> bytes:
    """HTML in UTF-8 if its code page is known; otherwise unchanged, because its meta element names it."""
    try:
        html.decode("utf-8")
    except UnicodeDecodeError:
        return html.decode(mapi.codec_of(codepage), "replace").encode() if codepage else html
    return html


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")


# -- header


def _header(item: Item) -> list[bytes]:
    p = item.properties
    lines = _transport(mapi.text(p, mapi.HEADERS))
    have = {line.partition(b":")[0].strip().lower() for line in lines if line[:1] not in b" \t"}
    for name, value in _fields(item):
        if value and name.lower().encode() not in have:
            lines.append(f"{name}: {value}".encode())
    return lines


def _transport(headers: str) -> list[bytes]:
    """The lines of the transport headers that are fields, but those of the structure, which is a new one."""
    lines: list[bytes] = []
    keep = False
    for line in _UNSAFE_BUT_LINES.sub(" ", headers).replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if not line:
            if lines:
                break
            continue
        if line[0] not in " \t":
            keep = bool(_FIELD.match(line)) and not _REBUILT.match(line)
        if keep and line.strip():
            lines.append(line.encode("utf-8", "replace"))
    return lines


_UNSAFE_BUT_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+")


def _fields(item: Item) -> list[tuple[str, str]]:
    p = item.properties
    sender = _mailbox(
        mapi.text(p, mapi.SENDER_NAME, mapi.REPRESENTING_NAME),
        _address(p, mapi.SENDER_SMTP, mapi.SENDER_TYPE, mapi.SENDER_ADDRESS),
    )
    author = _mailbox(
        mapi.text(p, mapi.REPRESENTING_NAME, mapi.SENDER_NAME),
        _address(p, mapi.REPRESENTING_SMTP, mapi.REPRESENTING_TYPE, mapi.REPRESENTING_ADDRESS)
        or _address(p, mapi.SENDER_SMTP, mapi.SENDER_TYPE, mapi.SENDER_ADDRESS),
    )
    at = next((t for n in (mapi.SUBMITTED, mapi.DELIVERED) if (t := mapi.number(p, n))), None)
    return [
        ("From", author or sender),
        ("Sender", sender if author and sender != author else ""),
        *_recipients(item),
        ("Subject", _words(mapi.subject(p))),
        ("Date", _date(at)),
        ("Message-ID", _clean(mapi.text(p, mapi.MESSAGE_ID))),
        ("In-Reply-To", _clean(mapi.text(p, mapi.IN_REPLY_TO))),
        ("References", _clean(mapi.text(p, mapi.REFERENCES))),
    ]


def _recipients(item: Item) -> list[tuple[str, str]]:
    """To, Cc and Bcc from the recipient table, or from the displayed names without one."""
    shown = {1: mapi.DISPLAY_TO, 2: mapi.DISPLAY_CC, 3: mapi.DISPLAY_BCC}
    fields: list[tuple[str, str]] = []
    for kind, name in _KINDS:
        people = [
            _mailbox(mapi.text(r, mapi.NAME), _address(r, mapi.SMTP, mapi.ADDRESS_TYPE, mapi.ADDRESS))
            for r in item.recipients
            if (mapi.number(r, mapi.RECIPIENT_TYPE) or 0) & 0x0F == kind
        ]
        if not item.recipients:
            people = [_mailbox(n.strip(), "") for n in mapi.text(item.properties, shown[kind]).split(";") if n.strip()]
        fields.append((name, ",\r\n ".join(person for person in people if person)))
    return fields


def _address(p: Properties, smtp: str, kind: str, address: str) -> str:
    """The SMTP address, or another kind of address if the item has no SMTP one."""
    return _clean(mapi.text(p, smtp) or mapi.text(p, address)).replace("<", "").replace(">", "").strip()


def _mailbox(name: str, address: str) -> str:
    name = _clean(name).strip("'\" ")
    if not name or name == address:
        return f"<{address}>" if address else ""
    if _PLAIN_NAME.match(name):
        shown = name
    elif name.isascii():
        shown = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    else:
        shown = _words(name)
    return f"{shown} <{address}>" if address else f'"{name}"' if name.isascii() and '"' not in name else shown


def _clean(text: str) -> str:
    return _UNSAFE.sub(" ", text).strip()


def _words(text: str) -> str:
    """Text for a header field, in encoded words if it has letters outside ASCII."""
    text = _clean(text)
    if text.isascii():
        return text
    words: list[bytes] = [b""]
    for letter in text:
        encoded = letter.encode("utf-8", "replace")
        if len(words[-1]) + len(encoded) > _WORD_BYTES:
            words.append(b"")
        words[-1] += encoded
    return "\r\n ".join(f"=?utf-8?B?{base64.b64encode(word).decode()}?=" for word in words)


def _date(at: int | None) -> str:
    try:
        return format_datetime(_EPOCH + timedelta(milliseconds=at // 1000 * 1000)) if at else ""
    except OverflowError:
        return ""


# -- content


def _content(item: Item, depth: int) -> tuple[list[bytes], bytes]:
    """Content fields and content: a single text, its alternatives, or a mixed of them with the attachments."""
    plain, html = bodies(item)
    texts = [_part(f"text/{kind}; charset=utf-8", data) for kind, data in (("plain", plain), ("html", html)) if data]
    packed = item.properties.get(mapi.RTF)
    source = rtf.decompress(packed) if isinstance(packed, bytes) and not html else b""
    if source and not rtf.is_html(source) and not rtf.is_text(source):
        texts.append(_part("application/rtf", source))  # formatting that the plain text has not
    texts += [_part(kind, data) for kind, data in made(item)]
    if not texts:
        texts = [_part("text/plain; charset=utf-8", b"")]
    body = texts[0] if len(texts) == 1 else _multipart("alternative", texts)
    signed = mapi.text(item.properties, mapi.CLASS).lower().startswith("ipm.note.smime")
    attached = [_attached(a, depth, signed) for a in item.attachments]
    return _multipart("mixed", [body, *attached]) if attached else body


def _attached(attachment: mapi.Attachment, depth: int, signed: bool) -> tuple[list[bytes], bytes]:
    """signed: the item is an S/MIME message, whose one attachment is the whole of it as it was sent (MS-OXOSMIME 2.1.3)."""
    name = _clean(attachment.filename)
    if attachment.item is not None:
        data = message(attachment.item, depth + 1) if depth < limits.TNEF_DEPTH else b""
        return [b"Content-Type: message/rfc822", _disposition(name)], data
    declared = _clean(mapi.text(attachment.properties, mapi.MIME_TYPE))
    if signed and declared.lower().startswith("multipart/signed"):
        return [b"Content-Type: message/rfc822", _disposition(name)], attachment.content
    if signed and not declared:
        declared = "application/pkcs7-mime"
    kind = (
        declared if _TOKEN.match(declared) and not declared.startswith(("multipart/", "message/")) else "application/octet-stream"
    )
    fields, data = _part(kind, attachment.content)
    content_id = _clean(mapi.text(attachment.properties, mapi.CONTENT_ID)).strip("<>")
    if content_id:
        fields.append(f"Content-ID: <{content_id}>".encode())
    return [*fields, _disposition(name)], data


def _disposition(name: str) -> bytes:
    if not name:
        return b"Content-Disposition: attachment"
    if name.isascii():
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'Content-Disposition: attachment;\r\n filename="{quoted}"'.encode()
    encoded = "".join(chr(b) if chr(b).isalnum() and b < 128 else f"%{b:02X}" for b in name.encode("utf-8", "replace"))
    return f"Content-Disposition: attachment;\r\n filename*=utf-8''{encoded}".encode()


def _part(kind: str, data: bytes) -> tuple[list[bytes], bytes]:
    lines = data.split(b"\r\n")
    short = kind.startswith(_AS_IT_IS) and max(map(len, lines)) <= limits.LINE_BYTES
    if short and not _UNSAFE_BYTES.search(b"".join(lines)):
        return [b"Content-Type: " + kind.encode()], data
    encoded = base64.encodebytes(data).replace(b"\n", _EOL)
    return [b"Content-Type: " + kind.encode(), b"Content-Transfer-Encoding: base64"], encoded


def _multipart(kind: str, parts: list[tuple[list[bytes], bytes]]) -> tuple[list[bytes], bytes]:
    """The boundary comes from the content, so that the same item gives the same bytes; it cannot be foreseen by who wrote it."""
    whole = [_EOL.join([*fields, b"", data]) for fields, data in parts]
    boundary = b"=_" + sha256(b"".join(sha256(part).digest() for part in whole)).hexdigest()[:40].encode()
    body = b"".join(b"--" + boundary + _EOL + part + _EOL for part in whole) + b"--" + boundary + b"--" + _EOL
    return [b'Content-Type: multipart/%b;\r\n boundary="%b"' % (kind.encode(), boundary)], body
