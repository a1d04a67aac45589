"""The check "files": the true type of each attachment and archive member, whether its name matches, and what it does when opened.

A content check. It reads containers within the limits of allowance.py; what exceeds them, and what has a password, is a finding.
Findings name a member by extension and a digest of its path, never by name. It cannot see inside rar, cab and disk images other
than ISO, nor what a document downloads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from civicmail.core.archives.errors import Spent
from civicmail.core.archives.zip_archive import is_appended
from civicmail.core.filetype import file_names
from civicmail.core.filetype.identify import identify
from civicmail.core.message import message_parser
from civicmail.core.message.model import ParsedMessage, Part
from civicmail.mail.screening import (
    archive_files,
    embedded_objects,
    filelinks,
    flat_office_files,
    olefiles,
    pdfactions,
    suspicious_files,
    webfiles,
    zips,
)
from civicmail.mail.screening.allowance import Allowance
from civicmail.mail.screening.file_scan import MEMBER, FileScan, Item
from civicmail.mail.screening.shapes import CheckResult, ContentCase

NAME = "files"
LINKS, PICTURES = "links of files", "pictures in files"
"""Keys of ContentCase.memo: links (core/message/model.py), and (path of the part, content) of pictures."""
VERSION = 1

Reader = Callable[[Item, FileScan], str]
_READERS: dict[str, Reader] = {
    "zip": zips.find,
    "ole": olefiles.find,
    "pdf": pdfactions.find,
    "rtf": embedded_objects.rich_text,
    "one": embedded_objects.notes,
    "mso": embedded_objects.active_mime,
}
_WEB = frozenset({"html", "svg", "xml", "xht"})
_PACKED = frozenset({"7z", "tar", "gz", "bz2", "xz", "zst", "rar", "cab", "iso", "vhd"}) | archive_files.UNREAD
_TABLES = frozenset({"csv", "tsv", "slk", "txt"})
_LETTERS, _PLAIN = frozenset({"message/rfc822", "message/global", "message/news"}), frozenset({"txt", "html", "unknown"})
_REPORTS = frozenset({"message/delivery-status", "message/disposition-notification", "message/feedback-report"})
"""What machines say in lines of a form is no file."""
_SHOWN = "image/"
_SEEN = frozenset({"png", "jpg", "gif", "bmp", "webp", "tif", "svg"})
_HARMLESS = frozenset({"empty", "png", "jpg", "gif", "bmp", "webp"})


def find(case: ContentCase) -> CheckResult:
    """Scan the files of a message; never raises for its content. more: members, rows like ExtractedMessage.files for archive
    members; places, where each attachment is in the message: [path, offset, length, transfer encoding]; types, true types by path;
    "apart N PATH", contents that the virus scanner does not open itself."""
    return scan_files(case.letter, Allowance(), case.memo)


def scan_files(message: ParsedMessage, allowance: Allowance, memo: dict[str, Any] | None = None) -> CheckResult:
    """Scan within an allowance. memo: receives the links and pictures of files for other checks."""
    scan = FileScan(NAME, VERSION, allowance, scan_file)
    count = 0
    places: list[tuple[str, int, int, str]] = []
    try:
        _bodies(message, "", scan)
        for path, part, above, opened, carried in _parts(message, ""):
            count += not ((part.content_id or carried) and part.content_type.startswith(_SHOWN))
            if not above:
                places.append((path, part.offset, part.length, part.encoding))
            if part.path not in opened and part.content_type not in _REPORTS:
                item = _item(path, part, scan_separately=carried)
                scan_file(item, scan)
                _judge_other_names(item, part, scan)
    except Spent as spent:
        scan.unread(Item("", 0, 0, "", "", b""), spent.why)
    if memo is not None:
        memo |= {LINKS: scan.links, PICTURES: scan.pictures}
    if count:
        scan.facts["files.count"] = count
    if scan.types:
        scan.facts["files.types"] = tuple(scan.types)
    more: dict[str, Any] = {"places": places} if places else {}
    if members := [row for row in scan.listed if MEMBER in row[0]]:
        more["members"] = members
    for number, item in enumerate(scan.separate):
        more[f"apart {number} {item.part}"] = item.content
    if words := {row[0]: row[3] for row in scan.listed if MEMBER not in row[0]}:
        more["types"] = words
    return CheckResult(tuple(scan.findings), scan.facts, more)


def _parts(message: ParsedMessage, above: str) -> Iterator[tuple[str, Part, str, set[str], bool]]:
    """The attachments of a message and of attached messages: path from the outside, part, path of the message that has it, parts
    of that message that are messages themselves (their files follow), and whether the part is carried in a text."""
    opened = {child.part for child in message.children}
    texts = {part.path for part in message.parts if part.content_type.startswith("text/") or part.content_type == "application/ics"}
    for part in message.attachments:
        yield above + part.path, part, above, opened, part.path.rpartition(".")[0] in texts
    for child in message.children:
        yield from _parts(child, f"{above}{child.part}/")


def _item(path: str, part: Part, *, scan_separately: bool = False) -> Item:
    return Item(path, part.offset, part.length, part.filename, part.content_type, part.content, scan_separately=scan_separately)


def _bodies(message: ParsedMessage, above: str, scan: FileScan) -> None:
    """Scan HTML that is shown as the text."""
    files = {part.path for part in message.attachments}
    for part in message.parts:
        if part.content_type == "text/html" and part.path not in files:
            webfiles.body(_item(above + part.path, part), scan)
    for child in message.children:
        _bodies(child, f"{above}{child.part}/", scan)


def _judge_other_names(item: Item, part: Part, scan: FileScan) -> None:
    """Judge the file by its other names, too: other programs may use them."""
    for name in (*part.also, *part.spelled):
        suspicious_files.judge(replace(item, name=name), identify(item.content, file_names.read(name).ending).name, scan)


def scan_file(item: Item, scan: FileScan) -> None:
    """Scan one file by its true type. Raises Spent."""
    scan.allowance.tick()
    ending = file_names.read(item.name).ending
    true = "" if item.is_unseen else identify(item.content, ending).name
    reader = _READERS.get(true)
    if reader is not None:
        read = reader
        true = scan.guarded(item, lambda: read(item, scan), true)
    elif true in _WEB:
        if true == "xml":
            flat_office_files.find(item, scan)
        webfiles.find(item, scan, true)
    elif true in _PACKED:
        true = archive_files.find(item, scan, true)
    elif true == "slk" or (true == "txt" and ending in _TABLES):
        true = embedded_objects.table(item, scan, true)
    elif true == "mht":
        scan.guarded(item, lambda: _web_archive(item, scan), None)
    elif true == "eml" or (item.declared in _LETTERS and true in _PLAIN):
        scan.guarded(item, lambda: _letter(item, scan), None)
    if item.trail and true in _SEEN:
        scan.picture(item, item.content)
    if true == "url":
        filelinks.shortcut(item.content, item, scan)
    elif true == "html" and item.trail:
        filelinks.page(item.content, item, scan)
    if reader is not zips.find and is_appended(item.content):
        scan.note(item, "appended", "mismatch", sure=70, mask="zip")
        zips.find(item, scan)
    if item.scan_separately and true not in _HARMLESS:
        scan.scan_by_antivirus(item)
    suspicious_files.judge(item, true, scan)
    if not item.is_unseen:
        scan.list_file(item, true)


def _web_archive(item: Item, scan: FileScan) -> None:
    """Scan a web page saved as a message (RFC 2557); Word and Excel save documents so, with their macros."""
    for part in message_parser.parse(item.content).parts:
        scan.allowance.member(item.depth + 1)
        if part.content:
            scan.inside(
                item.member(part.filename or f"part.{part.content_type.rpartition('/')[2]}", part.content, scan_separately=True),
                scan,
            )


def _letter(item: Item, scan: FileScan) -> None:
    """Scan a message inside a container: its attachments are members."""
    for path, part, _, opened, carried in _parts(message_parser.parse(item.content), ""):
        scan.allowance.member(item.depth + 1)
        if part.path not in opened and part.content_type not in _REPORTS:
            scan.inside(item.member(part.filename or path, part.content, scan_separately=carried), scan)
