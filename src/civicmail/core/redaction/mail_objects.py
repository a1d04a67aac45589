"""Compare a released message with the list of what it may have. Only sandboxed processes import it.

It has the header fields of the list, text and HTML in plain sight, and files. What signs, traces or identifies the original message
is not on the list: a signature over the body confirms a guess at what was redacted.
"""

from __future__ import annotations

import email.policy
import hashlib
import re
from collections.abc import Iterator
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser

from civicmail.core.message import html_text
from civicmail.core.redaction.inspection import MAX_FINDINGS, Attachment, Finding, Inspection, InspectMail, Part

SHOWN_HEADERS = frozenset({"from", "sender", "reply-to", "to", "cc", "bcc", "subject", "date"})
PART_HEADERS = frozenset({"mime-version", "content-type", "content-transfer-encoding", "content-disposition", "content-language"})
HEADERS = SHOWN_HEADERS | PART_HEADERS | {"message-id", "in-reply-to", "references", "importance"}
CONTAINERS = frozenset({"multipart/mixed", "multipart/alternative"})
TEXTS = frozenset({"text/plain", "text/html"})
PARAMETERS = frozenset({"charset", "boundary", "format", "delsp", "name", "filename"})
_PLAIN_TAG = re.compile(
    r"</?(?:html|head|meta|title|body|p|br|div|span|pre|blockquote|ul|ol|li|b|strong|i|em|u|table|thead|tbody|tr|td|th|h[1-4]|hr)"
    r"(?:\s+(?:lang|charset|dir|colspan|rowspan)=\"[\w-]{0,20}\")*\s*/?>",
    re.IGNORECASE,
)
_DOCTYPE = re.compile(r"\A\s*<!doctype html>", re.IGNORECASE)


def inspect_mail(content: bytes, _request: InspectMail) -> Inspection:
    """What is not on the list, the header fields and texts, and the files."""
    message = BytesParser(EmailMessage, policy=email.policy.default).parsebytes(content)
    findings: list[str] = []
    texts, alternatives = list(_headers(message)), list[Part]()
    other: list[Part] = []
    attachments: list[Attachment] = []
    for part in _parts(message):
        findings += _structure(part, HEADERS if part is message else PART_HEADERS)
        kind, name = part.get_content_type(), part.get_filename() or ""
        other += [
            Part("the name of an attached file", name),
            *(Part("a header field", f"{field}: {value}") for field, value in [*part.items(), *part.raw_items()]),
        ]
        if kind in CONTAINERS:
            continue
        if kind in TEXTS and not part.is_attachment():
            text = part.get_content()
            if kind == "text/html":
                findings += ["unlisted-html"] if _is_more_than_plain(text) else []
                alternatives.append(Part("the HTML", _words_of_html(text)))
                other.append(Part("the HTML", text))
            else:
                texts.append(Part("the text", text))
        elif isinstance(data := part.get_payload(decode=True), bytes):
            attachments.append(Attachment(name, hashlib.sha256(data).hexdigest()))
    listed = [Finding(code) for code in dict.fromkeys(findings)]
    return Inspection(listed[:MAX_FINDINGS], texts, other, alternatives, attachments)


def _headers(message: MIMEPart) -> Iterator[Part]:
    """The values of the header fields that mail programs show."""
    for name, value in message.items():
        if name.lower() in SHOWN_HEADERS:
            yield Part(f"the header {name.title()}", str(value))


def _parts(message: MIMEPart) -> Iterator[MIMEPart]:
    yield message
    if message.get_content_maintype() == "multipart":
        for part in message.iter_parts():
            yield from _parts(part)


def _structure(part: MIMEPart, headers: frozenset[str]) -> Iterator[str]:
    names = [name.lower() for name in part]
    if not set(names) <= headers:
        yield "unlisted-header"
    if len(names) != len(set(names)):
        yield "repeated-header"
    if part.defects or any(value.defects for value in part.values() if hasattr(value, "defects")):
        yield "irregular-message"
    if (part.preamble or "").strip() or (part.epilogue or "").strip():
        yield "text-outside-parts"
    if part.get_content_maintype() in ("multipart", "message") and part.get_content_type() not in CONTAINERS:
        yield "nested-message"
    parameters = {name.lower() for field in ("content-type", "content-disposition") for name in _parameters(part, field)}
    if not parameters <= PARAMETERS:
        yield "unlisted-header"


def _parameters(part: MIMEPart, field: str) -> list[str]:
    header = part[field]
    return list(header.params) if header is not None else []


def _is_more_than_plain(text: str) -> bool:
    """Whether HTML has a comment, a style, a script, a link, or anything else that is not text in plain sight."""
    return "<" in _PLAIN_TAG.sub("", _DOCTYPE.sub("", text))


def _words_of_html(text: str) -> str:
    read = html_text.read(text)
    return "\n".join([read.visible, read.hidden, read.elsewhere])
