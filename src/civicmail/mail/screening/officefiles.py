"""Office documents that are zips (ECMA-376, ISO 26300): macros, parts that act, references that fetch something when it is opened.

What a document needs to be dangerous is named in its relations, its list of content types and its field codes; text is not read.
"""

from __future__ import annotations

import html
import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from civicmail.core.sandbox import zip_file
from civicmail.core.sandbox.errors import DAMAGED, ENCRYPTED, TOO_MANY, Unreadable
from civicmail.core.sandbox.extraction import Extraction
from civicmail.mail.screening import filelinks
from civicmail.mail.screening.looking import PICTURES, Item, Look

TYPES = "[content_types].xml"
_MACRO_TYPE = re.compile(rb"vnd\.ms-office\.vbaProject|ms-excel\.(?:intl)?macrosheet", re.IGNORECASE)
_SHEETS = re.compile(r"xl/macrosheets/")
_BASIC = re.compile(r"(?:Basic/.+/(?!script-lb|dialog-lb).+\.xml|Scripts/.+)\Z")
_OPEN_OBJECT = re.compile(r"Object \d+\Z")
_EMBEDDED = re.compile(r"(?:word|xl|ppt|visio)/embeddings/")
_CONTROL = re.compile(r"(?:word|xl|ppt)/activex/activex\d*\.bin\Z")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\s[^<>]{0,8192}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(rb"(Type|Target|TargetMode)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_FETCHED = re.compile(rb"/(attachedTemplate|oleObject|frame|subDocument|attachedSchema|aFChunk)\Z", re.IGNORECASE)
_REMOTE = re.compile(rb"\s*(?:https?|ftp):", re.IGNORECASE)
_SHARE = re.compile(rb"\s*(?:\\\\|file:/{2,5}(?![A-Za-z]:|/))", re.IGNORECASE)
_ACTS = re.compile(rb"(?:mhtml|ms-msdt|search-ms|script)\s*:|x-usc:", re.IGNORECASE)
_BEGINS = re.compile(rb"fldCharType\s*=\s*[\"']begin")
_INSTRUCTION = re.compile(rb"instrText(?:\s[^<>]{0,200})?>([^<]*)<")
_SIMPLE = re.compile(rb"<(?:\w{1,10}:)?fldSimple\s[^<>]{0,200}?instr=(?:\"([^\"]*)\"|'([^']*)')")
_DDE = re.compile(rb"^\s*(?:DDEAUTO|DDE)\s", re.IGNORECASE)
_DDE_LINK = re.compile(rb"<(?:\w+:)?ddeLink\s[^<>]{0,2000}", re.IGNORECASE)
COMMAND = re.compile(rb"cmd|powershell|mshta|rundll|regsvr|wscript|cscript|msiexec|certutil", re.IGNORECASE)
_RUNS = re.compile(rb"ppaction://(?:program|macro)", re.IGNORECASE)
_STORY = re.compile(r"word/(?:document|header\d*|footer\d*|footnotes|endnotes|comments|glossary/document)\.xml\Z")
_SLIDE = re.compile(r"ppt/slides/[^/]+\.xml\Z")
_MEDIA = re.compile(r"(?:word|xl|ppt|visio)/media/")
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml\Z")
_OPEN_TEXTS = frozenset({"content.xml", "styles.xml"})
_ALL_ATTRIBUTES = re.compile(rb"(Id|Type|Target|TargetMode)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_SHEET_MOST, _PICTURE_MOST = 2 << 20, 8 << 20  # bytes of a table in which formulas are looked for, of a picture
_XML_MOST = 16 << 20  # bytes of one XML part that are looked at
_RELS_MOST, _LINKS_MOST = 2_000, 1_000  # of one document


def find(kind: str, archive: zipfile.ZipFile, item: Item, look: Look) -> None:
    """kind: as zips.py has it. Raises Unreadable, Spent."""
    case = look.case(item)
    members = [info for info in archive.infolist() if not info.is_dir()]
    look.allowance.member(item.depth)
    if kind.startswith("od"):
        _open_document(archive, members, case, item, look)
        return
    macro_type = kind in {"docm", "xlsm", "pptm"}
    words, targets = dict[str, dict[str, str]](), dict[str, list[tuple[str, str]]]()
    for info in members:
        name = canonical(info.filename)
        look.allowance.tick()
        is_relation = name.endswith(".rels")
        if name.endswith("vbaproject.bin") or _CONTROL.search(name) or (_EMBEDDED.match(name) and not is_relation):
            zip_file.one(archive, info, case)
            macro_type = macro_type and not name.endswith("vbaproject.bin")
        elif _SHEETS.match(name) and not is_relation:
            look.note(item, "macros", "macros", mask="xlm")
        elif name == TYPES:
            if _MACRO_TYPE.search(_xml(archive, info, case)):
                look.note(item, "macros", "macros", mask="declared")
        elif is_relation:
            if len(targets) >= _RELS_MOST:
                raise Unreadable(TOO_MANY)
            relations(xml := _xml(archive, info, case), item, look)
            targets[name.replace("_rels/", "").removesuffix(".rels")] = list(_leading_out(xml))
        elif _STORY.match(name):
            words[name] = _story(_xml(archive, info, case), item, look)
        elif _MEDIA.match(name):
            _picture(archive, info, case, item, look)
        elif _SHEET.match(name):
            _formulas(archive, info, case, item, look)
        elif name.startswith("xl/externallinks/"):
            _links(_xml(archive, info, case), item, look, binary=name.endswith(".bin"))
        elif _SLIDE.match(name):
            _slide(_xml(archive, info, case), item, look)
    for part, said in targets.items():
        filelinks.targets(iter(said), words.get(part, {}), item, look)
    if macro_type:
        look.note(item, "macros", "macros", sure=80, mask="by-type")


def canonical(name: str) -> str:
    """As Office compares names of parts (ECMA-376 part 2, 6.2.2.3), whatever slash their writer took."""
    return name.replace("\\", "/").lower()


def _xml(archive: zipfile.ZipFile, info: zipfile.ZipInfo, case: Extraction) -> bytes:
    """The beginning of a part. Raises Unreadable where it is encrypted or expands too far."""
    held, size = [], 0
    try:
        for piece in zip_file.pieces(archive, info, case):
            held.append(piece)
            size += len(piece)
            if size > _XML_MOST:
                break
    except Unreadable as error:
        if error.why != DAMAGED:
            raise
    return b"".join(held)


def relations(xml: bytes, item: Item, look: Look) -> None:
    """What is fetched from elsewhere without asking (ECMA-376 part 2, 9.3): templates, objects, frames. A template on a disk of the
    writer's own is what Word itself writes."""
    for found in _RELATION.finditer(xml):
        said = {name.lower(): (a or b) for name, a, b in _ATTRIBUTE.findall(found[0])}
        if said.get(b"targetmode", b"").lower() != b"external":
            continue
        target, fetched = said.get(b"target", b""), _FETCHED.search(said.get(b"type", b""))
        if _ACTS.search(target):
            clicked = said.get(b"type", b"").lower().endswith(b"/hyperlink")
            look.note(item, "external", "" if clicked else "active", sure=40 if clicked else 95, mask="acting-address")
        elif fetched and _REMOTE.match(target):
            look.note(item, "external", "active", sure=90, mask=fetched[1].decode().lower())
        elif fetched and _SHARE.match(target):
            look.note(item, "external", sure=30, mask=fetched[1].decode().lower())


def _story(xml: bytes, item: Item, look: Look) -> dict[str, str]:
    """The words of its links."""
    fields(xml, item, look)
    return filelinks.shown(xml.decode("utf-8", "replace")) if b"<w:hyperlink" in xml else {}


def _formulas(archive: zipfile.ZipFile, info: zipfile.ZipInfo, case: Extraction, item: Item, look: Look) -> None:
    xml = _xml(archive, info, case) if info.file_size <= _SHEET_MOST else b""
    if b"HYPERLINK(" in xml:
        filelinks.sheet(xml.decode("utf-8", "replace"), item, look)


def _slide(xml: bytes, item: Item, look: Look) -> None:
    if (found := _RUNS.search(xml)) is not None:
        program = found[0].lower().endswith(b"program")
        fact, sure, mask = ("active", 95, "program") if program else ("", 60, "macro")
        look.note(item, "action", fact, sure=sure, mask=mask)


def _leading_out(xml: bytes) -> Iterator[tuple[str, str]]:
    """Name and target of the links of a part."""
    for found in _RELATION.finditer(xml):
        said = {name: (a or b).decode("utf-8", "replace") for name, a, b in _ALL_ATTRIBUTES.findall(found[0])}
        if said.get(b"TargetMode", "").lower() == "external" and said.get(b"Type", "").lower().endswith("/hyperlink"):
            yield said.get(b"Id", ""), html.unescape(said.get(b"Target", ""))


def _picture(archive: zipfile.ZipFile, info: zipfile.ZipInfo, case: Extraction, item: Item, look: Look) -> None:
    if 0 < info.file_size <= _PICTURE_MOST and len(look.pictures) < PICTURES:
        with suppress(Unreadable):
            look.picture(item, b"".join(zip_file.pieces(archive, info, case)))


def fields(xml: bytes, item: Item, look: Look) -> None:
    """DDE fields; the code of a field may be cut into runs of one letter each."""
    if b"instr" not in xml:
        return
    codes = [b"".join(_INSTRUCTION.findall(piece)) for piece in _BEGINS.split(xml)]
    codes += [a or b for a, b in _SIMPLE.findall(xml)]
    filelinks.fields("\n".join(code.decode("utf-8", "replace") for code in codes), item, look)
    for code in codes:
        if _DDE.match(code):
            look.note(item, "dde", "active", sure=95 if COMMAND.search(code) else 80, mask="field")


def _links(xml: bytes, item: Item, look: Look, *, binary: bool) -> None:
    """Of a workbook. binary: records (MS-XLSB) with text as UTF-16."""
    if binary:
        if COMMAND.search(xml.replace(b"\0", b"")):
            look.note(item, "dde", "active", sure=80, mask="link")
        return
    for found in islice(_DDE_LINK.finditer(xml), _LINKS_MOST):
        service = COMMAND.search(found[0])
        look.note(item, "dde", "active" if service else "", sure=95 if service else 40, mask="link")


def _open_document(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], case: Extraction, item: Item, look: Look) -> None:
    for info in members:
        if info.filename == "META-INF/manifest.xml" and b"encryption-data" in _xml(archive, info, case):
            raise Unreadable(ENCRYPTED)
        if _BASIC.match(info.filename):
            look.note(item, "macros", "macros", mask="basic")
        elif _OPEN_OBJECT.match(info.filename):
            zip_file.one(archive, info, case)
        elif info.filename in _OPEN_TEXTS:
            filelinks.open_document(_xml(archive, info, case).decode("utf-8", "replace"), item, look)
        elif info.filename.startswith("Pictures/"):
            _picture(archive, info, case, item, look)
