"""Where links in files lead: of PDF, Office documents old and new, OpenDocument, RTF, shortcuts and web pages in archives.

What a reader can follow by a click counts, with its words where they stand beside it; text that only looks like an address does
not.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import unquote

from civicmail.core.message import links as written
from civicmail.mail.screening.looking import Item, Look

MOST = 20_001
"""Of one file."""
LOOKED = 4 << 20
PAGE = 512 << 10
"""Bytes of a web page in an archive."""
_URI = re.compile(
    rb"/(?:URI|FS\s*/URL\s*/F)\s*(?:\(((?:[^()\\]|\\.|\((?:[^()\\]|\\.){0,1000}+\)){1,4000}+)\)|<([0-9A-Fa-f\s]{8,8000}+)>)",
    re.DOTALL,
)
_PDF_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|(\r\n|[\r\n])|(.))", re.DOTALL)
_PDF_LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_FIELD = re.compile(
    r"HYPERLINK\s+(?:\\[a-z]\s+)*(?:\"|&quot;)([^\"&]{4,4000}(?:&(?!quot;)[^\"&]{0,4000}){0,50})(?:\"|&quot;)", re.IGNORECASE
)
_OLD_FIELD = re.compile(
    rb"\x13\s*HYPERLINK\s+(?:\\[a-z]\s+)?\"([^\"\x13-\x15]{4,4000})\"[^\x13-\x15]{0,400}(?:\x14([^\x13-\x15]{0,500}))?", re.I
)
_OLD_WIDE = re.compile(rb"(?:h\0t\0t\0p\0(?:s\0)?|f\0t\0p\0):\0/\0/\0(?:[\x21\x23-\x7e]\0){3,2000}", re.IGNORECASE)
_HYPERLINK = re.compile(r"<w:hyperlink\s[^<>]{0,1000}?r:id=\"(\w{1,40})\"[^<>]{0,1000}>(.{0,8000}?)</w:hyperlink>", re.DOTALL)
_OPEN_LINK = re.compile(r"xlink:href=(?:\"([^\"<>]{4,4000})\"|'([^'<>]{4,4000})')[^<>]{0,2000}>([^<]{0,500})")
_FORMULA = re.compile(r"HYPERLINK\((?:\"|&quot;)([^\"&]{4,4000}(?:&amp;[^\"&]{0,4000}){0,50})(?:\"|&quot;)", re.IGNORECASE)
_SHORTCUT = re.compile(r"^\s*(?:URL|BASEURL)\s*=\s*(\S{4,4000})", re.IGNORECASE | re.MULTILINE)
_TAGS = re.compile(r"<[^<>]{0,2000}>")
_RTF_LETTER = re.compile(r"\\'([0-9a-fA-F]{2})")
_SCHEMES = ("http:", "https:", "ftp:", "data:", "javascript:", "vbscript:", "www.", "//", "\\\\")
_NAMESPACES = ("http://www.w3.org/", "http://schemas.", "http://purl.org/", "http://ns.adobe.com/")


def pdf(said: bytes, item: Item, look: Look) -> None:
    """said: the dictionaries of a PDF (pdfactions.py)."""
    for found in islice(_URI.finditer(said), MOST):
        if found[1] is not None:
            url = _PDF_ESCAPE.sub(_unescaped, found[1])
        else:
            digits = b"".join(found[2].split())
            url = bytes.fromhex(digits[: len(digits) & ~1].decode())
        text = url.decode("utf-16", "replace") if url.startswith((b"\xfe\xff", b"\xff\xfe")) else url.decode("utf-8", "replace")
        add(text, "", item, look)


def _unescaped(found: re.Match[bytes]) -> bytes:
    if found[1]:
        return bytes([int(found[1], 8) & 0xFF])
    return b"" if found[2] else _PDF_LETTERS.get(found[3], found[3])


def fields(xml: str, item: Item, look: Look) -> None:
    """Codes of fields, of Word in XML and of RTF."""
    for found in islice(_FIELD.finditer(xml), MOST):
        add(html.unescape(found[1]), "", item, look)


def rich_text(content: bytes, item: Item, look: Look) -> None:
    if b"HYPERLINK" in content[:LOOKED].upper():
        text = _RTF_LETTER.sub(lambda letter: chr(int(letter[1], 16)), content[:LOOKED].decode("latin-1"))
        fields(text.replace("\\\\", "\\"), item, look)


def shown(xml: str) -> dict[str, str]:
    """The words of the links of a part of Word, by the names of their relations."""
    return {found[1]: _plain(found[2]) for found in islice(_HYPERLINK.finditer(xml), MOST)}


def open_document(xml: str, item: Item, look: Look) -> None:
    for found in islice(_OPEN_LINK.finditer(xml), MOST):
        add(html.unescape(found[1] or found[2]), _plain(found[3]), item, look)


def sheet(xml: str, item: Item, look: Look) -> None:
    """Formulas that are links."""
    for found in islice(_FORMULA.finditer(xml), MOST):
        add(html.unescape(found[1]), "", item, look)


def old(stream: bytes, item: Item, look: Look) -> None:
    """Of Word, Excel and PowerPoint before 2007 (MS-DOC 2.8.25, MS-OSHARED 2.3.7)."""
    stream = stream[:LOOKED]
    for narrow in (stream, stream.replace(b"\0", b"") if b"H\0Y\0P\0E\0R" in stream else b""):
        for found in islice(_OLD_FIELD.finditer(narrow), MOST):
            add(found[1].decode("latin-1"), " ".join((found[2] or b"").decode("latin-1").split()), item, look)
    for found in islice(_OLD_WIDE.finditer(stream), MOST):
        add(found[0].decode("utf-16-le", "replace"), "", item, look)


def shortcut(content: bytes, item: Item, look: Look) -> None:
    for found in islice(_SHORTCUT.finditer(content[:PAGE].decode("utf-8", "replace")), MOST):
        add(found[1], "", item, look)


def page(content: bytes, item: Item, look: Look) -> None:
    """Of a web page, as of one that is attached (everylink.py)."""
    for url in written.in_text(content[:PAGE].decode("utf-8", "replace")):
        add(url, "", item, look)


def _plain(xml: str) -> str:
    return " ".join(html.unescape(_TAGS.sub("", xml)).split())


def add(url: str, words: str, item: Item, look: Look) -> None:
    url = url.strip()
    if url[:12].lower().startswith(_SCHEMES) and not url.startswith(_NAMESPACES):
        look.link(item, url, words)


def targets(relations: Iterator[tuple[str, str]], words: dict[str, str], item: Item, look: Look) -> None:
    """relations: (name, target) of what leads out of a document."""
    for name, target in islice(relations, MOST):
        add(unquote(target) if "%3a%2f%2f" in target.lower()[:12] else target, words.get(name, ""), item, look)
