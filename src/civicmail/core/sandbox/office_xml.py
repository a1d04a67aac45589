"""Office documents that are ZIP files of XML: Word, Excel, PowerPoint (ECMA-376) and OpenDocument (ISO 26300).

Excel cells are read by calamine, which supports dates and formulas. If it crashes, or if a sheet is too large to be held in memory
as a whole, the XML itself is read.
"""

from __future__ import annotations

import re
from io import BytesIO

from civicmail.core.archives.archive import Member
from civicmail.core.archives.errors import DAMAGED, ENCRYPTED, Spent, Unreadable
from civicmail.core.archives.zip_archive import ZipArchive
from civicmail.core.filetype.containers import canonical
from civicmail.core.sandbox import spreadsheet
from civicmail.core.sandbox.extraction import Extraction
from civicmail.core.sandbox.xmltext import Words

_XML = {
    "word": re.compile(r"word/(?:document|header|footer|footnotes|endnotes|comments|glossary/document)[^/]*\.xml\Z"),
    "excel": re.compile(r"xl/(?:comments[^/]*|threadedcomments/[^/]+|drawings/[^/]+|charts/[^/]+)\.xml\Z"),
    "powerpoint": re.compile(r"ppt/(?:slides|notesslides|comments|diagrams|charts)/[^/]+\.xml\Z"),
    "opendocument": re.compile(r"(?:.*/)?(?:content|styles|meta)\.xml\Z"),
}
LABELS = frozenset(_XML)
"""Labels of the types that are read here (core/filetype)."""
_CELLS = re.compile(r"xl/(?:sharedstrings|workbook|worksheets/[^/]+)\.xml\Z")
_PROPERTIES = re.compile(r"docprops/(?:core|app|custom)\.xml\Z")
_TEXTS = {
    "word": frozenset({"t", "delText"}),
    "excel": frozenset({"t", "text", "v"}),
    "powerpoint": frozenset({"t", "text"}),
    "opendocument": None,
    "properties": None,
}
_BREAKS = frozenset(
    {"p", "br", "cr", "tab", "tc", "tr", "h", "s", "line-break", "table-cell", "text", "v", "is", "si", "title", "subject",
     "creator", "description", "keyword", "keywords", "lastModifiedBy", "category", "lpwstr", "Company", "Manager",
     "initial-creator"}
)  # fmt: skip
_FILES = re.compile(r"(?:word|xl|ppt)/(?:media|embeddings)/|pictures/|(?:.*/)?objectreplacements/")
_VECTORS = (".emf", ".wmf", ".svm", ".vml")


def read(family: str, archive: ZipArchive, content: bytes, extraction: Extraction) -> None:
    """Text first, then pictures and files that it contains."""
    members = list(archive.members())
    extraction.budget.member(extraction.depth)
    wrong: dict[str, None] = {}
    manifest = archive.get("META-INF/manifest.xml") if family == "opendocument" else None
    if manifest is not None and b"encryption-data" in b"".join(archive.read(manifest)):
        raise Unreadable(ENCRYPTED)
    if family == "excel" and (extraction.cells or extraction.depth) and not _by_calamine(members, content, extraction, wrong):
        _parts(archive, _matching(_CELLS, members), "excel", extraction, wrong)
    _parts(archive, _matching(_XML[family], members), family, extraction, wrong)
    _parts(archive, _matching(_PROPERTIES, members), "properties", extraction, wrong)
    for member in _matching(_FILES, members):
        if not member.name.lower().endswith(_VECTORS):
            extraction.read_member(archive, member)
    for why in wrong:
        extraction.unreadable(why)


def _matching(pattern: re.Pattern[str], members: list[Member]) -> list[Member]:
    return [member for member in members if pattern.match(canonical(member.name))]


def _parts(archive: ZipArchive, members: list[Member], texts: str, extraction: Extraction, wrong: dict[str, None]) -> None:
    for member in members:
        try:
            extraction.budget.tick()
            Words(extraction, _TEXTS[texts], _BREAKS).read(archive.read(member))
        except Spent:
            raise
        except Unreadable as error:
            wrong[error.why] = None


def _by_calamine(members: list[Member], content: bytes, extraction: Extraction, wrong: dict[str, None]) -> bool:
    """Read the cells by calamine; return whether that succeeded."""
    sheets = sum(member.size for member in members if canonical(member.name).startswith("xl/worksheets/"))
    if extraction.careful or sheets > spreadsheet.LARGEST:
        return False
    try:
        spreadsheet.cells(BytesIO(content), extraction)
    except Spent:
        raise
    except Unreadable as error:
        if error.why == DAMAGED:
            return False  # the XML may still contain text
        wrong[error.why] = None
    return True
