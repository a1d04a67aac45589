"""Identify a text: plain, a page, a message, a script, or another format of lines. Pure."""

from __future__ import annotations

import codecs
import re

from civicmail.core.filetype.file_names import SCRIPTS
from civicmail.core.filetype.types import (
    HTML_IN_TEXT,
    HTML_IN_XML,
    HTML_OF_SCRIPT,
    PGP_KEY,
    PGP_MESSAGE,
    PGP_SIGNATURE,
    PS_BINARY,
    TYPES,
    FileType,
)

_HTML = re.compile(
    rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|meta|title|table|div|p|span)[\s>]", re.IGNORECASE | re.DOTALL
)
_MESSAGE = re.compile(
    rb"(?:(?:Received|Return-Path|From|To|Date|Subject|Message-ID|MIME-Version|Delivered-To):[^\n]*\n(?:[ \t][^\n]*\n)*){2}",
    re.IGNORECASE,
)
_SVG = re.compile(rb"(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*(?:<!doctype\s+svg[^>]*>\s*)?<svg[\s>]", re.DOTALL)
_BEGINS = (
    (b"[internetshortcut]", "url"),
    (b"web\r\n1\r\nhttp", "iqy"),
    (b"web\n1\nhttp", "iqy"),
    (b"id;p", "slk"),
    (b"begin:vcalendar", "ics"),
    (b"begin:vcard", "vcf"),
    (b"-----begin ", "pem"),
)
_PAGES = frozenset({"htm", "html", "shtml", "xht", "xhtml"})
_PAGE = re.compile(rb"<(?:html|script|body|form|iframe|meta)[\s>]")
_WEB_ARCHIVE = re.compile(rb"^Content-Type:\s*multipart/related\b", re.IGNORECASE | re.MULTILINE)
_MESSAGES = frozenset({"eml", "txt", "mbox", "mbx"})
"""Extensions of files that hold a message and open as one, or as text."""
_REMOTE = re.compile(rb"^(?:full address|remoteapplicationprogram):s:", re.MULTILINE)
_SCRIPT = re.compile(rb"#!\s*/[^\n]{0,80}?(?:/|\s)(python|perl|php|ruby|node|(?:ba|z|k|da|c)?sh)")
_INTERPRETERS = {"python": "py", "perl": "pl", "php": "php", "ruby": "rb", "node": "js"}
_DEVELOPERS = frozenset({"py", "pl", "sh", "php", "rb"})
_TEXTUAL = frozenset({"txt", "html", "xml", "eml", "unknown"})
_CONTROLS = bytes({*range(0x20)} - {*b"\t\n\v\f\r\x1b"})
_HIGH = bytes(range(0x80, 0x100))
_SAMPLE = 4_096
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def identify(data: bytes, ending: str) -> FileType:
    """The type of a file without fixed bytes; a binary file is unknown."""
    file_type = _by_content(data, ending)
    if file_type.name in _TEXTUAL and (ending in SCRIPTS or (ending in _DEVELOPERS and file_type.name == "txt")):
        return TYPES[ending]  # nothing else determines the program that opens it
    return file_type


def narrowed(data: bytes) -> bytes:
    """The text in one byte a letter, good enough for patterns; it may be UTF-16."""
    if data.startswith(_WIDE):
        return data.decode("utf-16", "replace").encode("utf-8", "replace")
    return data.removeprefix(codecs.BOM_UTF8)


def _by_content(data: bytes, ending: str) -> FileType:
    sample = data[:_SAMPLE]
    if not data.startswith(_WIDE) and (_count(sample, _CONTROLS) * 200 > len(sample) or not _is_text(data)):
        return PS_BINARY if data.startswith(b"%!PS") else TYPES["unknown"]
    is_message = _MESSAGE.match(sample.lstrip()) is not None
    is_page = not is_message and _HTML.match(sample.removeprefix(codecs.BOM_UTF8)) is not None
    if not is_page and ending and ending not in _MESSAGES and _is_web_archive(sample):
        return TYPES["mht"]
    return TYPES["eml"] if is_message else _by_first_words(narrowed(sample).lstrip(), ending, is_page=is_page)


def _is_text(data: bytes) -> bool:
    """Whether there is no NUL, and the bytes are UTF-8 or mostly letters in an 8-bit charset."""
    if b"\0" in data:
        return False
    look = data[:_SAMPLE]
    if look.isascii():
        return True
    try:
        codecs.getincrementaldecoder("utf-8")().decode(look)
    except UnicodeDecodeError:
        return _count(look, _HIGH) * 10 < 3 * len(look) or not _count(data, _CONTROLS)
    return True


def _count(data: bytes, which: bytes) -> int:
    return len(data) - len(data.translate(None, which))


def _is_web_archive(sample: bytes) -> bool:
    """Whether it is a web page saved as a message (RFC 2557)."""
    head = sample.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    return b"mime-version" in head.lower() and _WEB_ARCHIVE.search(head) is not None


def _by_first_words(start: bytes, ending: str, *, is_page: bool) -> FileType:
    """A browser shows a file with a page's extension as a page, however it begins; a patch of a page is none."""
    if start.startswith((b"#!", b"<?php")):
        match = _SCRIPT.match(start)
        interpreter = match[1].decode() if match else "php" if start.startswith(b"<?php") else "sh"
        return TYPES[_INTERPRETERS.get(interpreter, "sh")]
    for pgp in (PGP_MESSAGE, PGP_SIGNATURE, PGP_KEY):
        if start.startswith(pgp.starts):
            return pgp
    if start.startswith(b"%!PS"):
        return TYPES["ps"]
    lower = start.lower()
    for begins, name in _BEGINS:
        if lower.startswith(begins):
            return TYPES[name]
    if ending in {"rdp", ""} and b":s:" in lower and _REMOTE.search(lower):
        return TYPES["rdp"]
    if ending == "svg" or _SVG.match(lower):
        return TYPES["svg"]
    if lower.startswith((b"<?xml", b"<?mso-")):
        if b"<svg" in lower:
            return TYPES["svg"]
        return HTML_IN_XML if b"<html" in lower or b"<!doctype html" in lower else TYPES["xml"]
    if is_page:
        return TYPES["html"]
    if ending in _PAGES or (not ending and _PAGE.search(lower)):
        return HTML_OF_SCRIPT if lower.startswith(b"<script") else HTML_IN_TEXT
    return TYPES["txt"]
