"""Extract the links of files: PDF, Office documents old and new, OpenDocument, RTF, shortcuts and web pages in archives.

Only links that a reader can click count, with their words where these are known; text that looks like an address does not.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import unquote

from civicmail.core.message import links as written
from civicmail.mail.screening.file_scan import FileScan, Item

MAX_LINKS = 20_001
"""Links of one file."""
MAX_BYTES = 4 << 20
MAX_PAGE_BYTES = 512 << 10
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


def pdf(dictionaries: bytes, item: Item, scan: FileScan) -> None:
    """Extract the links of a PDF. dictionaries: as pdfactions.py collects them."""
    for match in islice(_URI.finditer(dictionaries), MAX_LINKS):
        if match[1] is not None:
            url = _PDF_ESCAPE.sub(_unescaped, match[1])
        else:
            digits = b"".join(match[2].split())
            url = bytes.fromhex(digits[: len(digits) & ~1].decode())
        text = url.decode("utf-16", "replace") if url.startswith((b"\xfe\xff", b"\xff\xfe")) else url.decode("utf-8", "replace")
        add(text, "", item, scan)


def _unescaped(match: re.Match[bytes]) -> bytes:
    if match[1]:
        return bytes([int(match[1], 8) & 0xFF])
    return b"" if match[2] else _PDF_LETTERS.get(match[3], match[3])


def fields(xml: str, item: Item, scan: FileScan) -> None:
    """Extract links from field codes of Word (XML) and RTF."""
    for match in islice(_FIELD.finditer(xml), MAX_LINKS):
        add(html.unescape(match[1]), "", item, scan)


def rich_text(content: bytes, item: Item, scan: FileScan) -> None:
    if b"HYPERLINK" in content[:MAX_BYTES].upper():
        text = _RTF_LETTER.sub(lambda letter: chr(int(letter[1], 16)), content[:MAX_BYTES].decode("latin-1"))
        fields(text.replace("\\\\", "\\"), item, scan)


def shown(xml: str) -> dict[str, str]:
    """The words of the links of a Word part, by relation id."""
    return {match[1]: _plain(match[2]) for match in islice(_HYPERLINK.finditer(xml), MAX_LINKS)}


def open_document(xml: str, item: Item, scan: FileScan) -> None:
    for match in islice(_OPEN_LINK.finditer(xml), MAX_LINKS):
        add(html.unescape(match[1] or match[2]), _plain(match[3]), item, scan)


def sheet(xml: str, item: Item, scan: FileScan) -> None:
    """Extract links from formulas."""
    for match in islice(_FORMULA.finditer(xml), MAX_LINKS):
        add(html.unescape(match[1]), "", item, scan)


def legacy_office(stream: bytes, item: Item, scan: FileScan) -> None:
    """Extract links from Word, Excel and PowerPoint files before 2007 (MS-DOC 2.8.25, MS-OSHARED 2.3.7)."""
    stream = stream[:MAX_BYTES]
    for narrow in (stream, stream.replace(b"\0", b"") if b"H\0Y\0P\0E\0R" in stream else b""):
        for match in islice(_OLD_FIELD.finditer(narrow), MAX_LINKS):
            add(match[1].decode("latin-1"), " ".join((match[2] or b"").decode("latin-1").split()), item, scan)
    for match in islice(_OLD_WIDE.finditer(stream), MAX_LINKS):
        add(match[0].decode("utf-16-le", "replace"), "", item, scan)


def shortcut(content: bytes, item: Item, scan: FileScan) -> None:
    for match in islice(_SHORTCUT.finditer(content[:MAX_PAGE_BYTES].decode("utf-8", "replace")), MAX_LINKS):
        add(match[1], "", item, scan)


def page(content: bytes, item: Item, scan: FileScan) -> None:
    """Extract the links of a web page, as for an attached one (all_links.py)."""
    for url in written.in_text(content[:MAX_PAGE_BYTES].decode("utf-8", "replace")):
        add(url, "", item, scan)


def _plain(xml: str) -> str:
    return " ".join(html.unescape(_TAGS.sub("", xml)).split())


def add(url: str, words: str, item: Item, scan: FileScan) -> None:
    url = url.strip()
    if url[:12].lower().startswith(_SCHEMES) and not url.startswith(_NAMESPACES):
        scan.link(item, url, words)


def targets(relations: Iterator[tuple[str, str]], words: dict[str, str], item: Item, scan: FileScan) -> None:
    """Add the external targets of a document. relations: (id, target)."""
    for name, target in islice(relations, MAX_LINKS):
        add(unquote(target) if "%3a%2f%2f" in target.lower()[:12] else target, words.get(name, ""), item, scan)
