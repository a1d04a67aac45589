"""Office documents that are ZIP files of XML: Word, Excel, PowerPoint (ECMA-376) and OpenDocument (ISO 26300).

Excel cells are read by calamine, which knows dates and formulas; where it has crashed, or where a sheet is larger than its way of
holding a whole sheet in memory allows, the XML is read as it stands.
"""

from __future__ import annotations

import re
import zipfile
from io import BytesIO
from typing import Literal

from civicmail.core.sandbox import spreadsheet, zip_file
from civicmail.core.sandbox.errors import DAMAGED, ENCRYPTED, Spent, Unreadable
from civicmail.core.sandbox.extraction import Extraction
from civicmail.core.sandbox.xmltext import Words

Kind = Literal["word", "excel", "powerpoint", "opendocument"]

_XML = {
    "word": re.compile(r"word/(?:document|header|footer|footnotes|endnotes|comments|glossary/document)[^/]*\.xml\Z"),
    "excel": re.compile(r"xl/(?:comments[^/]*|threadedComments/[^/]+|drawings/[^/]+|charts/[^/]+)\.xml\Z"),
    "powerpoint": re.compile(r"ppt/(?:slides|notesSlides|comments|diagrams|charts)/[^/]+\.xml\Z"),
    "opendocument": re.compile(r"(?:.*/)?(?:content|styles|meta)\.xml\Z"),
}
_CELLS = re.compile(r"xl/(?:sharedStrings|workbook|worksheets/[^/]+)\.xml\Z")
_PROPERTIES = re.compile(r"docProps/(?:core|app|custom)\.xml\Z")
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
_FILES = re.compile(r"(?:word|xl|ppt)/(?:media|embeddings)/|Pictures/|(?:.*/)?ObjectReplacements/")
_VECTORS = (".emf", ".wmf", ".svm", ".vml")


def kind(names: list[str], archive: zipfile.ZipFile) -> Kind | None:
    """Which office document it is, None for any other archive."""
    members = set(names)
    if "[Content_Types].xml" in members:
        for name, family in (("word/", "word"), ("xl/", "excel"), ("ppt/", "powerpoint")):
            if any(n.startswith(name) for n in names):
                return family  # type: ignore[return-value]
    if "mimetype" in members and "content.xml" in members:
        info = archive.getinfo("mimetype")
        if info.file_size < 200 and not info.flag_bits & 1:
            return "opendocument" if archive.read(info).startswith(b"application/vnd.oasis.opendocument") else None
    return None


def read(family: Kind, archive: zipfile.ZipFile, content: bytes, extraction: Extraction) -> None:
    """Text first, then pictures and files that it contains."""
    members = [i for i in archive.infolist() if not i.is_dir()]
    extraction.budget.member(extraction.depth)
    wrong: dict[str, None] = {}
    if family == "opendocument" and "META-INF/manifest.xml" in archive.namelist():
        manifest = b"".join(zip_file.pieces(archive, archive.getinfo("META-INF/manifest.xml"), extraction))
        if b"encryption-data" in manifest:
            raise Unreadable(ENCRYPTED)
    if family == "excel" and (extraction.cells or extraction.depth) and not _by_calamine(members, content, extraction, wrong):
        _parts(archive, [i for i in members if _CELLS.match(i.filename)], "excel", extraction, wrong)
    _parts(archive, [i for i in members if _XML[family].match(i.filename)], family, extraction, wrong)
    _parts(archive, [i for i in members if _PROPERTIES.match(i.filename)], "properties", extraction, wrong)
    for info in members:
        if _FILES.match(info.filename) and not info.filename.endswith(_VECTORS):
            zip_file.one(archive, info, extraction)
    for why in wrong:
        extraction.unreadable(why)


def _parts(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], texts: str, extraction: Extraction, wrong: dict[str, None]
) -> None:
    for info in members:
        try:
            extraction.budget.tick()
            Words(extraction, _TEXTS[texts], _BREAKS).read(zip_file.pieces(archive, info, extraction))
        except Spent:
            raise
        except Unreadable as error:
            wrong[error.why] = None


def _by_calamine(members: list[zipfile.ZipInfo], content: bytes, extraction: Extraction, wrong: dict[str, None]) -> bool:
    """Whether the cells were read."""
    if extraction.careful or sum(i.file_size for i in members if i.filename.startswith("xl/worksheets/")) > spreadsheet.LARGEST:
        return False
    try:
        spreadsheet.cells(BytesIO(content), extraction)
    except Spent:
        raise
    except Unreadable as error:
        if error.why == DAMAGED:
            return False  # the XML may still say something
        wrong[error.why] = None
    return True
