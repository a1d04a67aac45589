"""Files: what each attachment and each member of a container truly is, whether its name says so, and what it does when opened.

An inner check. It reads containers to the limits of allowance.py; what lies beyond them, and what has a password, is a finding of
its own. Findings name a member by its ending and a digest of its path, never by its name. It cannot see what is inside rar, cab and
disk images of other kinds than ISO, nor what a document only downloads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from civicmail.core.message import message_parser
from civicmail.core.message.model import ParsedMessage, Part
from civicmail.core.sandbox.errors import Spent
from civicmail.mail.screening import (
    filelinks,
    flatfiles,
    objects,
    olefiles,
    packed,
    pdfactions,
    suspects,
    truenames,
    truetypes,
    webfiles,
    zips,
)
from civicmail.mail.screening.allowance import Allowance
from civicmail.mail.screening.looking import MEMBER, Item, Look
from civicmail.mail.screening.shapes import Found, Inner

NAME = "files"
LINKS, PICTURES = "links of files", "pictures in files"
"""In Inner.memo: links (core/message/model.py) and (path of the part, content)."""
VERSION = 1

Reader = Callable[[Item, Look], str]
_READERS: dict[str, Reader] = {
    "zip": zips.find,
    "ole": olefiles.find,
    "pdf": pdfactions.find,
    "rtf": objects.rich_text,
    "one": objects.notes,
    "mso": objects.active_mime,
}
_WEB = frozenset({"html", "svg", "xml", "xht"})
_PACKED = frozenset({"7z", "tar", "gz", "bz2", "xz", "zst", "rar", "cab", "iso", "vhd"}) | packed.UNREAD
_TABLES = frozenset({"csv", "tsv", "slk", "txt"})
_LETTERS, _PLAIN = frozenset({"message/rfc822", "message/global", "message/news"}), frozenset({"txt", "html", "unknown"})
_REPORTS = frozenset({"message/delivery-status", "message/disposition-notification", "message/feedback-report"})
"""What machines say in lines of a form is no file."""
_SHOWN = "image/"
_SEEN = frozenset({"png", "jpg", "gif", "bmp", "webp", "tif", "svg"})
_HARMLESS = frozenset({"empty", "png", "jpg", "gif", "bmp", "webp"})


def find(case: Inner) -> Found:
    """Never raises for what a message holds. more: members, rows like Seen.files of what lies in containers; places, where each
    attachment stands in the message: [path, offset, length, transfer encoding]; types, what it truly is, by path; "apart N PATH",
    contents that a virus scanner does not come to by itself."""
    return looked(case.letter, Allowance(), case.memo)


def looked(message: ParsedMessage, allowance: Allowance, memo: dict[str, Any] | None = None) -> Found:
    """memo: takes the links and the pictures that files have, for other checks."""
    look = Look(NAME, VERSION, allowance, _inside)
    count = 0
    places: list[tuple[str, int, int, str]] = []
    try:
        _bodies(message, "", look)
        for path, part, above, opened, carried in _parts(message, ""):
            count += not ((part.content_id or carried) and part.content_type.startswith(_SHOWN))
            if not above:
                places.append((path, part.offset, part.length, part.encoding))
            if part.path not in opened and part.content_type not in _REPORTS:
                item = _item(path, part, apart=carried)
                _inside(item, look)
                _also(item, part, look)
    except Spent as spent:
        look.unread(Item("", 0, 0, "", "", b""), spent.why)
    if memo is not None:
        memo |= {LINKS: look.links, PICTURES: look.pictures}
    if count:
        look.facts["files.count"] = count
    if look.types:
        look.facts["files.types"] = tuple(look.types)
    more: dict[str, Any] = {"places": places} if places else {}
    if members := [row for row in look.listed if MEMBER in row[0]]:
        more["members"] = members
    for number, item in enumerate(look.apart):
        more[f"apart {number} {item.part}"] = item.content
    if words := {row[0]: row[3] for row in look.listed if MEMBER not in row[0]}:
        more["types"] = words
    return Found(tuple(look.findings), look.facts, more)


def _parts(message: ParsedMessage, above: str) -> Iterator[tuple[str, Part, str, set[str], bool]]:
    """The attachments of a message and of those attached to it: path from the outside, part, path of the message that has it, which
    parts of that are messages of their own, whose files come behind, and whether it is carried in a text."""
    opened = {child.part for child in message.children}
    texts = {part.path for part in message.parts if part.content_type.startswith("text/") or part.content_type == "application/ics"}
    for part in message.attachments:
        yield above + part.path, part, above, opened, part.path.rpartition(".")[0] in texts
    for child in message.children:
        yield from _parts(child, f"{above}{child.part}/")


def _item(path: str, part: Part, *, apart: bool = False) -> Item:
    return Item(path, part.offset, part.length, part.filename, part.content_type, part.content, apart=apart)


def _bodies(message: ParsedMessage, above: str, look: Look) -> None:
    """HTML that is shown as the text."""
    files = {part.path for part in message.attachments}
    for part in message.parts:
        if part.content_type == "text/html" and part.path not in files:
            webfiles.body(_item(above + part.path, part), look)
    for child in message.children:
        _bodies(child, f"{above}{child.part}/", look)


def _also(item: Item, part: Part, look: Look) -> None:
    """By its other names it may be something else for whoever opens it; what is cut out of one for its reader may be a trick."""
    for name in (*part.also, *part.spelled):
        suspects.judge(replace(item, name=name), truetypes.of(item.content, truenames.read(name).ending), look)


def _inside(item: Item, look: Look) -> None:
    """Look at a file, whatever it is. Raises Spent."""
    look.allowance.tick()
    ending = truenames.read(item.name).ending
    true = "" if item.unseen else truetypes.of(item.content, ending)
    reader = _READERS.get(true)
    if reader is not None:
        read = reader
        true = look.careful(item, lambda: read(item, look), true)
    elif true in _WEB:
        if true == "xml":
            flatfiles.find(item, look)
        webfiles.find(item, look, true)
    elif true in _PACKED:
        true = packed.find(item, look, true)
    elif true == "slk" or (true == "txt" and ending in _TABLES):
        true = objects.table(item, look, true)
    elif true == "mht":
        look.careful(item, lambda: _web_archive(item, look), None)
    elif true == "eml" or (item.declared in _LETTERS and true in _PLAIN):
        look.careful(item, lambda: _letter(item, look), None)
    if item.trail and true in _SEEN:
        look.picture(item, item.content)
    if true == "url":
        filelinks.shortcut(item.content, item, look)
    elif true == "html" and item.trail:
        filelinks.page(item.content, item, look)
    if reader is not zips.find and zips.is_appended(item.content):
        look.note(item, "appended", "mismatch", sure=70, mask="zip")
        zips.find(item, look)
    if item.apart and true not in _HARMLESS:
        look.scanned(item)
    suspects.judge(item, true, look)
    if not item.unseen:
        look.listing(item, true)


def _web_archive(item: Item, look: Look) -> None:
    """A web page with what belongs to it, as a message (RFC 2557); Word and Excel save documents so, with their macros."""
    for part in message_parser.parse(item.content).parts:
        look.allowance.member(item.depth + 1)
        if part.content:
            look.inside(
                item.member(part.filename or f"part.{part.content_type.rpartition('/')[2]}", part.content, apart=True), look
            )


def _letter(item: Item, look: Look) -> None:
    """A message inside a container: its attachments are members."""
    for path, part, _, opened, carried in _parts(message_parser.parse(item.content), ""):
        look.allowance.member(item.depth + 1)
        if part.path not in opened and part.content_type not in _REPORTS:
            look.inside(item.member(part.filename or path, part.content, apart=carried), look)
