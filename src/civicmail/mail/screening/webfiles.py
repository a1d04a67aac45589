"""Scan HTML, SVG and XML files: scripts, password fields, redirects, and files that they build themselves (HTML smuggling).
Pure."""

from __future__ import annotations

import re
from itertools import islice

from civicmail.core.filetype.identify import identify
from civicmail.core.filetype.text_types import narrowed
from civicmail.core.message import transfer_encoding
from civicmail.mail.screening.file_scan import FileScan, Item

LOOKED = 8 << 20
"""Bytes of one file that are scanned."""
_SCRIPT = re.compile(rb"<\s*(?:\w{1,10}:)?script\b", re.IGNORECASE)
_DATA_SCRIPT = re.compile(rb"<script[^<>]{0,300}type\s*=\s*[\"']?application/(?:ld\+)?json", re.IGNORECASE)
_HANDLER = re.compile(rb"<[a-z][^<>]{0,2000}?\son[a-z]{3,20}\s*=\s*[\"']?\s*[a-z_$(!;]", re.IGNORECASE)
_ADDRESS = re.compile(rb"(?:href|src|action|data|from|to)\s*=\s*[\"']?\s*(?:javascript|vbscript)\s*:", re.IGNORECASE)
_FORM = re.compile(rb"<form\b", re.IGNORECASE)
_PASSWORD = re.compile(rb"<input\b[^<>]{0,1000}?type\s*=\s*[\"']?password", re.IGNORECASE)
_REFRESH = re.compile(rb"<meta\b[^<>]{0,300}?http-equiv\s*=\s*[\"']?refresh[^<>]{0,2000}?url\s*=", re.IGNORECASE)
_FRAME = re.compile(
    rb"<(?:iframe|embed|object|frame)\b[^<>]{0,2000}?(?:src|data)\s*=\s*[\"']?\s*(?:https?:|//|data:)", re.IGNORECASE
)
_PAYLOAD = re.compile(
    rb"data:(?!image/(?!svg)|font/|application/(?:x-)?font|text/css|audio/|video/)[a-z]{1,20}+/[a-z0-9.+-]{1,60}+[^,\"'<>]{0,100}+,",
    re.IGNORECASE,
)
_SMUGGLES = re.compile(
    rb"msSaveOrOpenBlob|createObjectURL|new\s+Blob\s*\(|new\s+File\s*\(|\batob\s*\(|\.download\s*=|fromCharCode"
    rb"|unescape\s*\(|eval\s*\(",
    re.IGNORECASE,
)
_BUILDS = re.compile(
    rb"msSave(?:OrOpen)?Blob|createObjectURL|new\s+(?:Blob|File)\s*\(|\.download\s*=|[\"']download[\"']\s*,", re.IGNORECASE
)
_DECODES = re.compile(rb"\batob\s*\(|fromCharCode|charCodeAt|Uint8Array|unescape\s*\(|[A-Za-z0-9+/]{1000}", re.IGNORECASE)
_CODED = re.compile(rb"([\"'`])([A-Za-z0-9+/]{400,}+={0,2})\1")
_WORDS = frozenset({"unknown", "txt", "empty", "font", "png", "jpg", "gif", "webp", "svg", "wasm"})
"""File types that scripts of honest pages contain."""
MAX_CODED = 20
"""Encoded strings of one page that are decoded."""
_SHOWN = re.compile(rb"xhtml|<\?xml-stylesheet|<(?:\w{1,10}:)?script\b", re.IGNORECASE)
_FOREIGN = re.compile(rb"<foreignObject\b", re.IGNORECASE)
_ENTITY = re.compile(rb"<!ENTITY\s", re.IGNORECASE)


def body(item: Item, scan: FileScan) -> None:
    """Scan HTML that is a message's text: in a browser its script builds a file all the same."""
    text = narrowed(item.content[:LOOKED])
    if _SCRIPT.search(text) and _smuggles(text):
        scan.note(item, "web-smuggling", sure=90, mask="text")
        scan.facts["files.smuggling"] = True
        _smuggled(text, item, scan)


def _smuggles(text: bytes) -> bool:
    """Whether it builds a file from its own content and saves it."""
    return _BUILDS.search(text) is not None and _DECODES.search(text) is not None


def _smuggled(text: bytes, item: Item, scan: FileScan) -> None:
    """Scan its base64 content like files."""
    for match in islice(_CODED.finditer(text), MAX_CODED):
        data, _ = transfer_encoding.base64_bytes(match[2])
        if identify(data).name in _WORDS:
            continue
        scan.allowance.member(item.depth + 1)
        scan.allowance.expand(len(data))
        scan.inside(item.member("", data, scan_separately=True), scan)


def find(item: Item, scan: FileScan, true: str) -> str:
    """Scan the file; return its type. true: html, svg, xml, xht."""
    text = narrowed(item.content[:LOOKED])
    if true == "xml" and not _SHOWN.search(text, 0, 65_536):
        return true
    scan.allowance.tick()
    scripts = len(_SCRIPT.findall(text)) - len(_DATA_SCRIPT.findall(text))
    if scripts > 0 and _smuggles(text):
        scan.note(item, "web-smuggling", "form", sure=90, mask="download")
        scan.facts["files.smuggling"] = True
        _smuggled(text, item, scan)
    elif scripts > 0 and _SMUGGLES.search(text):
        scan.note(item, "web-smuggling", "form", sure=80)
    elif scripts > 0:
        scan.note(item, "web-script", "form", sure=90)
    elif _HANDLER.search(text) or _ADDRESS.search(text):
        scan.note(item, "web-script", "form", sure=70, mask="attribute")
    if _PASSWORD.search(text):
        scan.note(item, "web-password", "form", sure=95)
    elif _FORM.search(text):
        scan.note(item, "web-form", "form", sure=90)
    if _REFRESH.search(text):
        scan.note(item, "web-refresh", "form", sure=80)
    if _PAYLOAD.search(text):
        scan.note(item, "web-payload", "form", sure=60)
    if true == "svg" and (_FOREIGN.search(text) or _ENTITY.search(text)):
        scan.note(item, "web-foreign", "form", sure=60)
    if _FRAME.search(text):
        scan.note(item, "web-frame", "form", sure=60)
    return true
