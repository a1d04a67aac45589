"""HTML, SVG and XML that came as files: opened in a browser they run, ask for a password, lead elsewhere, or build a file of
themselves (HTML smuggling). Pure."""

from __future__ import annotations

import re
from itertools import islice

from civicmail.core.message import transfer_encoding
from civicmail.mail.screening.looking import Item, Look
from civicmail.mail.screening.truetypes import of, wide

LOOKED = 8 << 20
"""Bytes of one file that are looked at."""
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
"""What pages have in their scripts."""
CODED_MOST = 20
"""Strings of one page that are decoded."""
_SHOWN = re.compile(rb"xhtml|<\?xml-stylesheet|<(?:\w{1,10}:)?script\b", re.IGNORECASE)
_FOREIGN = re.compile(rb"<foreignObject\b", re.IGNORECASE)
_ENTITY = re.compile(rb"<!ENTITY\s", re.IGNORECASE)


def body(item: Item, look: Look) -> None:
    """HTML that is the text of a message: where a reader opens it in a browser, its script builds a file all the same."""
    text = wide(item.content[:LOOKED])
    if _SCRIPT.search(text) and _smuggles(text):
        look.note(item, "web-smuggling", sure=90, mask="text")
        look.facts["files.smuggling"] = True
        _smuggled(text, item, look)


def _smuggles(text: bytes) -> bool:
    """Whether it makes a file of what it carries, and has it saved."""
    return _BUILDS.search(text) is not None and _DECODES.search(text) is not None


def _smuggled(text: bytes, item: Item, look: Look) -> None:
    """What it carries in base64 is looked at like a file."""
    for found in islice(_CODED.finditer(text), CODED_MOST):
        data, _ = transfer_encoding.base64_bytes(found[2])
        if of(data) in _WORDS:
            continue
        look.allowance.member(item.depth + 1)
        look.allowance.expand(len(data))
        look.inside(item.member("", data, apart=True), look)


def find(item: Item, look: Look, true: str) -> str:
    """true: html, svg, xml, xht; what it is."""
    text = wide(item.content[:LOOKED])
    if true == "xml" and not _SHOWN.search(text, 0, 65_536):
        return true
    look.allowance.tick()
    scripts = len(_SCRIPT.findall(text)) - len(_DATA_SCRIPT.findall(text))
    if scripts > 0 and _smuggles(text):
        look.note(item, "web-smuggling", "form", sure=90, mask="download")
        look.facts["files.smuggling"] = True
        _smuggled(text, item, look)
    elif scripts > 0 and _SMUGGLES.search(text):
        look.note(item, "web-smuggling", "form", sure=80)
    elif scripts > 0:
        look.note(item, "web-script", "form", sure=90)
    elif _HANDLER.search(text) or _ADDRESS.search(text):
        look.note(item, "web-script", "form", sure=70, mask="attribute")
    if _PASSWORD.search(text):
        look.note(item, "web-password", "form", sure=95)
    elif _FORM.search(text):
        look.note(item, "web-form", "form", sure=90)
    if _REFRESH.search(text):
        look.note(item, "web-refresh", "form", sure=80)
    if _PAYLOAD.search(text):
        look.note(item, "web-payload", "form", sure=60)
    if true == "svg" and (_FOREIGN.search(text) or _ENTITY.search(text)):
        look.note(item, "web-foreign", "form", sure=60)
    if _FRAME.search(text):
        look.note(item, "web-frame", "form", sure=60)
    return true
