"""Scan office documents in zip form (ECMA-376, ISO 26300): macros, active parts, and references fetched on opening.

Relations, content types and field codes show what makes a document dangerous; its text is not read.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from civicmail.core.archives.archive import Member
from civicmail.core.archives.errors import DAMAGED, ENCRYPTED, TOO_MANY, Unreadable
from civicmail.core.archives.zip_archive import ZipArchive
from civicmail.core.filetype.containers import CONTENT_TYPES, canonical
from civicmail.core.sandbox.extraction import Extraction
from civicmail.mail.screening import filelinks
from civicmail.mail.screening.file_scan import PICTURES, FileScan, Item

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
_MAX_SHEET, _MAX_PICTURE = 2 << 20, 8 << 20  # bytes of a table in which formulas are looked for, of a picture
_MAX_XML = 16 << 20  # bytes of one XML part that are looked at
_MAX_RELS, _MAX_LINKS = 2_000, 1_000  # of one document


def find(kind: str, archive: ZipArchive, item: Item, scan: FileScan) -> None:
    """Scan a document. kind: from zips.py. Raises Unreadable, Spent."""
    case = scan.case(item)
    scan.allowance.member(item.depth)
    if kind.startswith("od"):
        _open_document(archive, case, item, scan)
        return
    macro_type = kind in {"docm", "xlsm", "pptm"}
    words, targets = dict[str, dict[str, str]](), dict[str, list[tuple[str, str]]]()
    for member in archive.members():
        name = canonical(member.name)
        scan.allowance.tick()
        is_relation = name.endswith(".rels")
        if name.endswith("vbaproject.bin") or _CONTROL.search(name) or (_EMBEDDED.match(name) and not is_relation):
            case.read_member(archive, member)
            macro_type = macro_type and not name.endswith("vbaproject.bin")
        elif _SHEETS.match(name) and not is_relation:
            scan.note(item, "macros", "macros", mask="xlm")
        elif name == CONTENT_TYPES:
            if _MACRO_TYPE.search(_xml(archive, member)):
                scan.note(item, "macros", "macros", mask="declared")
        elif is_relation:
            if len(targets) >= _MAX_RELS:
                raise Unreadable(TOO_MANY)
            relations(xml := _xml(archive, member), item, scan)
            targets[name.replace("_rels/", "").removesuffix(".rels")] = list(_leading_out(xml))
        elif _STORY.match(name):
            words[name] = _story(_xml(archive, member), item, scan)
        elif _MEDIA.match(name):
            _picture(archive, member, item, scan)
        elif _SHEET.match(name):
            _formulas(archive, member, item, scan)
        elif name.startswith("xl/externallinks/"):
            _links(_xml(archive, member), item, scan, binary=name.endswith(".bin"))
        elif _SLIDE.match(name):
            _slide(_xml(archive, member), item, scan)
    for part, addresses in targets.items():
        filelinks.targets(iter(addresses), words.get(part, {}), item, scan)
    if macro_type:
        scan.note(item, "macros", "macros", sure=80, mask="by-type")


def _xml(archive: ZipArchive, member: Member) -> bytes:
    """The beginning of a part. Raises Unreadable if it is encrypted or expands too far."""
    held, size = [], 0
    try:
        for piece in archive.read(member):
            held.append(piece)
            size += len(piece)
            if size > _MAX_XML:
                break
    except Unreadable as error:
        if error.why != DAMAGED:
            raise
    return b"".join(held)


def relations(xml: bytes, item: Item, scan: FileScan) -> None:
    """Note what is fetched without asking (ECMA-376 part 2, 9.3): templates, objects, frames. Word itself writes templates on the
    author's own disk."""
    for match in _RELATION.finditer(xml):
        attributes = {name.lower(): (a or b) for name, a, b in _ATTRIBUTE.findall(match[0])}
        if attributes.get(b"targetmode", b"").lower() != b"external":
            continue
        target, fetched = attributes.get(b"target", b""), _FETCHED.search(attributes.get(b"type", b""))
        if _ACTS.search(target):
            clicked = attributes.get(b"type", b"").lower().endswith(b"/hyperlink")
            scan.note(item, "external", "" if clicked else "active", sure=40 if clicked else 95, mask="acting-address")
        elif fetched and _REMOTE.match(target):
            scan.note(item, "external", "active", sure=90, mask=fetched[1].decode().lower())
        elif fetched and _SHARE.match(target):
            scan.note(item, "external", sure=30, mask=fetched[1].decode().lower())


def _story(xml: bytes, item: Item, scan: FileScan) -> dict[str, str]:
    """The words of its links."""
    fields(xml, item, scan)
    return filelinks.shown(xml.decode("utf-8", "replace")) if b"<w:hyperlink" in xml else {}


def _formulas(archive: ZipArchive, member: Member, item: Item, scan: FileScan) -> None:
    xml = _xml(archive, member) if member.size <= _MAX_SHEET else b""
    if b"HYPERLINK(" in xml:
        filelinks.sheet(xml.decode("utf-8", "replace"), item, scan)


def _slide(xml: bytes, item: Item, scan: FileScan) -> None:
    if (match := _RUNS.search(xml)) is not None:
        program = match[0].lower().endswith(b"program")
        fact, sure, mask = ("active", 95, "program") if program else ("", 60, "macro")
        scan.note(item, "action", fact, sure=sure, mask=mask)


def _leading_out(xml: bytes) -> Iterator[tuple[str, str]]:
    """Id and target of the external links of a part."""
    for match in _RELATION.finditer(xml):
        attributes = {name: (a or b).decode("utf-8", "replace") for name, a, b in _ALL_ATTRIBUTES.findall(match[0])}
        if attributes.get(b"TargetMode", "").lower() == "external" and attributes.get(b"Type", "").lower().endswith("/hyperlink"):
            yield attributes.get(b"Id", ""), html.unescape(attributes.get(b"Target", ""))


def _picture(archive: ZipArchive, member: Member, item: Item, scan: FileScan) -> None:
    if 0 < member.size <= _MAX_PICTURE and len(scan.pictures) < PICTURES:
        with suppress(Unreadable):
            scan.picture(item, b"".join(archive.read(member)))


def fields(xml: bytes, item: Item, scan: FileScan) -> None:
    """Note DDE fields. A field's code may be split into runs of one letter."""
    if b"instr" not in xml:
        return
    codes = [b"".join(_INSTRUCTION.findall(piece)) for piece in _BEGINS.split(xml)]
    codes += [a or b for a, b in _SIMPLE.findall(xml)]
    filelinks.fields("\n".join(code.decode("utf-8", "replace") for code in codes), item, scan)
    for code in codes:
        if _DDE.match(code):
            scan.note(item, "dde", "active", sure=95 if COMMAND.search(code) else 80, mask="field")


def _links(xml: bytes, item: Item, scan: FileScan, *, binary: bool) -> None:
    """Note the DDE links of a workbook. binary: records (MS-XLSB) with UTF-16 text."""
    if binary:
        if COMMAND.search(xml.replace(b"\0", b"")):
            scan.note(item, "dde", "active", sure=80, mask="link")
        return
    for match in islice(_DDE_LINK.finditer(xml), _MAX_LINKS):
        service = COMMAND.search(match[0])
        scan.note(item, "dde", "active" if service else "", sure=95 if service else 40, mask="link")


def _open_document(archive: ZipArchive, case: Extraction, item: Item, scan: FileScan) -> None:
    for member in archive.members():
        if member.name == "META-INF/manifest.xml" and b"encryption-data" in _xml(archive, member):
            raise Unreadable(ENCRYPTED)
        if _BASIC.match(member.name):
            scan.note(item, "macros", "macros", mask="basic")
        elif _OPEN_OBJECT.match(member.name):
            case.read_member(archive, member)
        elif member.name in _OPEN_TEXTS:
            filelinks.open_document(_xml(archive, member).decode("utf-8", "replace"), item, scan)
        elif member.name.startswith("Pictures/"):
            _picture(archive, member, item, scan)
