"""The delivery status notification about one recipient (RFC 3464), with the options that the sender may request (RFC 3461).

Pure and repeatable: the same outcome gives the same bytes. It goes only to our own senders (delivery_outcome.is_own), from the null
sender.
"""

from __future__ import annotations

import binascii
import re
from datetime import UTC, datetime
from email.utils import format_datetime

from civicmail.city.policy.clauses import CLAUSE_REFERENCE, clause_url
from civicmail.core.message.header_scan import header_length
from civicmail.mail.archive.copies import Copy
from civicmail.mail.archive.records import Capture
from civicmail.mail.courier.archived_message import ArchivedMessage
from civicmail.mail.courier.hops import Routes

_MAX_FULL = 1 << 20  # RET=FULL returns the whole message up to this size
_STATUS = re.compile(r"(?:^|\s)([245]\.\d{1,3}\.\d{1,3})(?:\s|$)")
_CODE = re.compile(r"([245]\d\d)(?:\s|$)")
_XTEXT = re.compile(r"\+([0-9A-F]{2})")


def build(kept: ArchivedMessage, index: int, copy: Copy, routes: Routes, host: str, pages: str = "") -> bytes:
    """The report about the end of one copy, as a message with CRLF. copy: with `end`, `at` and `reply`; pages: the address of the
    pages, where the policy is read (web.url)."""
    capture, hop = kept.capture, routes.hop_for(copy.target)
    action = "failed" if copy.end == "failed" else "relayed" if hop is not None and hop.kind == "smtp" else "delivered"
    full = capture.envelope.params.get("RET", "").upper() == "FULL" and capture.size <= _MAX_FULL
    boundary = f"=_{capture.id.hex()}-{index}"
    while boundary.encode() in kept.body:
        boundary += "="
    original = b"".join(kept.pieces()) if full else _header(kept)
    utf8 = not _is_ascii(original) or not copy.address.isascii()
    status = "message/global-delivery-status" if utf8 else "message/delivery-status"
    parts = [
        _text(boundary, _words(copy, action, host, pages)),
        _part(boundary, status, _status(capture, index, copy, action, host).encode()),
        _part(boundary, _original_type(full=full, utf8=utf8), original),
    ]
    return _head(capture, index, copy, action, host, boundary) + b"".join(parts) + f"--{boundary}--\r\n".encode()


def _original_type(*, full: bool, utf8: bool) -> str:
    if full:
        return "message/global" if utf8 else "message/rfc822"
    return "message/global-headers" if utf8 else "text/rfc822-headers"


def _head(capture: Capture, index: int, copy: Copy, action: str, host: str, boundary: str) -> bytes:
    subject = "Your message could not be delivered" if action == "failed" else f"Your message was {action}"
    lines = [
        f"From: Mail Delivery System <MAILER-DAEMON@{host}>",
        f"To: <{capture.envelope.sender}>",
        f"Subject: {subject}",
        f"Date: {_date(copy.at)}",
        f"Message-ID: <dsn.{capture.uuid}.{index}@{host}>",
        *([f"In-Reply-To: {capture.message_id}"] if re.fullmatch(r"<[!-~]+>", capture.message_id) else []),
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status;\r\n boundary="{boundary}"',
        "",
        "",
    ]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape")


def _part(boundary: str, content_type: str, content: bytes) -> bytes:
    encoding = "" if _is_ascii(content) else "Content-Transfer-Encoding: 8bit\r\n"
    ending = b"" if content.endswith(b"\r\n") else b"\r\n"
    return f"--{boundary}\r\nContent-Type: {content_type}\r\n{encoding}\r\n".encode() + content + ending


def _text(boundary: str, words: str) -> bytes:
    """A paragraph is one line, which every program breaks at the width of its window."""
    coded = binascii.b2a_qp(words.encode("utf-8", "replace").replace(b"\n", b"\r\n"))
    fields = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable"
    return f"--{boundary}\r\n{fields}\r\n\r\n".encode() + coded + b"\r\n"


def _words(copy: Copy, action: str, host: str, pages: str) -> str:
    if action == "failed":
        text = (
            f"Your message to <{copy.address}> was not delivered, and no further attempt will be made.\n\n"
            f"The reason, in the words of the mail system that gave it:\n\n    {copy.reply}\n\n"
            "You may write again when the reason is gone. Nothing was lost: the message is kept in the city's archive (P-23)."
        )
        if pages:
            clause = CLAUSE_REFERENCE.search(copy.reply)
            text += f"\n\nWhat the e-mail policy says about it:\n\n    {clause_url(clause[0] if clause else 'P-23', pages)}"
    else:
        text = f"Your message to <{copy.address}> was {action}."
    return f"{text}\n\n{host}\n"


def _status(capture: Capture, index: int, copy: Copy, action: str, host: str) -> str:
    """The fields of RFC 3464 2.2 and 2.3."""
    recipient, kind = capture.envelope.recipients[index], "rfc822" if copy.address.isascii() else "utf-8"
    about = [f"Reporting-MTA: dns; {host}"]
    if envid := capture.envelope.params.get("ENVID"):
        about.insert(0, f"Original-Envelope-Id: {_xtext(envid)}")
    about.append(f"Arrival-Date: {_date(capture.received)}")
    code = _CODE.match(copy.reply)
    fields = [f"Final-Recipient: {kind}; {copy.address}", f"Action: {action}", f"Status: {_status_code(copy, action)}"]
    if recipient.orcpt:
        type_, _, address = recipient.orcpt.partition(";")
        fields.insert(0, f"Original-Recipient: {type_}; {_xtext(address)}")
    fields.append(f"Diagnostic-Code: {'smtp' if code else 'x-civicmail'}; {copy.reply}")
    fields.append(f"Last-Attempt-Date: {_date(copy.at)}")
    return "\r\n".join([*about, "", *fields, ""])


def _status_code(copy: Copy, action: str) -> str:
    """The enhanced code of the reply when it fits the action; an end without one is a general one (RFC 3463)."""
    status_class = "5" if action == "failed" else "2"
    match = _STATUS.search(copy.reply)
    if match is None:
        return f"{status_class}.0.0"
    return match.group(1) if match.group(1)[0] in (status_class, "4") else f"{status_class}{match.group(1)[1:]}"


def _header(kept: ArchivedMessage) -> bytes:
    """The header, as much of it as the first piece contains."""
    beginning = next(kept.pieces(), b"")
    return beginning[: header_length(beginning)].rstrip(b"\r\n") + b"\r\n"


def _xtext(text: str) -> str:
    decoded = _XTEXT.sub(lambda m: chr(int(m.group(1), 16)), text)
    return "".join(c if c.isprintable() else "?" for c in decoded)


def _is_ascii(content: bytes) -> bool:
    return content.isascii()


def _date(ms: int) -> str:
    return format_datetime(datetime.fromtimestamp(ms // 1000, UTC))
