"""Read office documents that are ZIP files of XML: the text that a reader sees, in order. Only sandboxed processes import it.

Deleted and hidden text, comments, notes and properties are never read as words, and are counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from io import BytesIO
from xml.parsers import expat

from civicmail.core.archives.budget import Budget
from civicmail.core.archives.errors import DAMAGED, ENCRYPTED, ENTITIES, TYPE_UNKNOWN, Unreadable
from civicmail.core.archives.zip_archive import ZipArchive
from civicmail.core.filetype.containers import canonical
from civicmail.core.redaction import sheet_reader
from civicmail.core.redaction.shapes import Document
from civicmail.core.redaction.words import counted, text_document
from civicmail.core.sandbox import readers

PARTS = {
    "word": r"word/header\d*\.xml word/document\d*\.xml word/footnotes\.xml word/endnotes\.xml word/footer\d*\.xml",
    "powerpoint": r"ppt/slides/slide\d+\.xml",
    "opendocument": r"content\.xml styles\.xml",
}
"""Label of a type -> the parts that a reader sees, in order."""
SHEETS = frozenset({"xlsx", "xlsm", "xlsb", "ods"})
_TEXT = {"word": frozenset({"t"}), "powerpoint": frozenset({"t"}), "opendocument": frozenset({"p", "h"})}
_BREAKS = {"p": "\n", "h": "\n", "tr": "\n", "table-row": "\n", "tc": "\t", "table-cell": "\t", "tab": "\t", "br": "\n", "cr": "\n",
           "line-break": "\n", "s": " ", "sld": "\n\n"}  # fmt: skip
SKIPPED = {
    "del": "tracked change", "moveFrom": "tracked change", "tracked-changes": "tracked change", "annotation": "comment",
    "Fallback": "", "hidden-text": "hidden text", "hidden-paragraph": "hidden text", "script": "",
}  # fmt: skip
"""Elements that a reader does not see -> what they are counted as."""
_CHANGES = frozenset({"ins", "moveTo"})
_ASIDE = (
    (re.compile(r"word/comments\.xml|ppt/comments/|xl/comments|xl/threadedcomments/"), "part with comments", "parts with comments"),
    (re.compile(r"ppt/notesslides/notesslide"), "page of notes", "pages of notes"),
    (re.compile(r"(?:word|ppt|xl)/embeddings/|object \d+/content\.xml"), "embedded file", "embedded files"),
    (re.compile(r"(?:word|ppt|xl)/media/|pictures/"), "picture", "pictures"),
    (re.compile(r"xl/pivotcache/pivotcachedefinition"), "pivot cache", "pivot caches"),
    (re.compile(r"xl/externallinks/externallink\d"), "link to another workbook", "links to other workbooks"),
    (re.compile(r".*vbaproject\.bin"), "set of macros", "sets of macros"),
)
_PROPERTIES = re.compile(r"docprops/|meta\.xml")


def read(content: bytes) -> Document:
    with ZipArchive(BytesIO(content), Budget(readers.limits(len(content)), readers.SECONDS)) as archive:
        file_type = archive.file_type()
        names = {canonical(name): name for name in archive.names}
        if "meta-inf/manifest.xml" in names and b"encryption-data" in _bytes(archive, names["meta-inf/manifest.xml"]):
            raise Unreadable(ENCRYPTED)
        hidden = aside(names)
        if file_type.name in SHEETS:
            return sheet_reader.read_workbook(content, archive, names, hidden)
        if file_type.label not in PARTS:
            raise Unreadable(TYPE_UNKNOWN)
        text = VisibleText(_TEXT[file_type.label])
        shown = [
            name
            for pattern in PARTS[file_type.label].split()
            for name in sorted((name for name in names if re.fullmatch(pattern, name)), key=_in_order)
        ]
        texts = [text.read(_bytes(archive, names[name])) for name in shown]
    counts = [counted(count, thing) for thing, count in sorted(text.skipped.items())]
    return text_document([part for part in texts if part.strip()], [*counts, *hidden])


def aside(names: Iterable[str]) -> list[str]:
    """Sentences about parts of a package that a reader does not see as text."""
    names = list(names)
    sentences = []
    for pattern, one, many in _ASIDE:
        if count := sum(bool(pattern.match(name)) for name in names):
            sentences.append(f"{count} {one if count == 1 else many}")
    if any(_PROPERTIES.match(name) for name in names):
        sentences.append("properties of the file")
    return sentences


def _bytes(archive: ZipArchive, name: str) -> bytes:
    member = archive.get(name)
    return b"" if member is None else b"".join(archive.read(member))


def _in_order(name: str) -> tuple[int, str]:
    number = re.search(r"\d+", name)
    return int(number[0]) if number else 0, name


class VisibleText:
    """The text of XML parts that a reader sees. skipped: what else there was -> how often."""

    def __init__(self, texts: frozenset[str]) -> None:
        self._texts = texts
        self.skipped = Counter[str]()
        self._reset()

    def _reset(self) -> None:
        self._out: list[str] = []
        self._open = 0  # elements with text that are open
        self._skipping = 0  # depth below an element that is skipped
        self._in_run = self._is_hidden = False
        self._declares = False

    def read(self, content: bytes) -> str:
        """Raises Unreadable where the XML is broken or declares entities."""
        self._reset()
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._doctype
        parser.DefaultHandler = self._other  # its presence keeps expat from expanding entities
        try:
            parser.Parse(content, True)
        except expat.ExpatError:
            raise Unreadable(DAMAGED) from None
        if self._declares:
            raise Unreadable(ENTITIES)
        return "".join(self._out)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(" ")[2]
        if self._skipping:
            self._skipping += 1
            return
        if local in SKIPPED or (local == "sld" and attributes.get("show") in ("0", "false")):
            self._skipping = 1
            if thing := SKIPPED.get(local, "hidden slide"):
                self.skipped[thing] += 1
            return
        if local in _CHANGES:
            self.skipped["tracked change"] += 1
        elif local == "r":
            self._in_run, self._is_hidden = True, False
        elif local in ("vanish", "webHidden") and self._in_run:
            values = [value for key, value in attributes.items() if key.rpartition(" ")[2] == "val"]
            self._is_hidden = values not in (["0"], ["false"], ["off"])
        elif local in self._texts:
            self._open += 1
            if self._is_hidden:
                self.skipped["hidden text"] += 1

    def _end(self, name: str) -> None:
        if self._skipping:
            self._skipping -= 1
            return
        local = name.rpartition(" ")[2]
        if local in self._texts:
            self._open -= 1
        if local == "r":
            self._in_run = self._is_hidden = False
        if local in _BREAKS:
            self._out.append(_BREAKS[local])

    def _characters(self, text: str) -> None:
        if self._open and not self._skipping and not self._is_hidden:
            self._out.append(text)

    def _doctype(self, *_: object) -> None:
        self._declares = True

    def _other(self, _data: str) -> None:
        return
