"""Judge a file by its true type: a program, active content, or something else than its name and type say. Pure."""

from __future__ import annotations

from civicmail.core.filetype import file_names, types
from civicmail.core.filetype.file_names import ACTIVE, PROGRAMS, SCRIPTS, FileName
from civicmail.core.filetype.identify import identify
from civicmail.core.filetype.types import TYPES
from civicmail.mail.screening.file_scan import FileScan, Item

_ACTING = types.DISKS | {"lnk", "url", "iqy", "rdp", "mht"}
_HARMFUL = _ACTING | types.PROGRAMS | SCRIPTS | {"html", "svg"}
_ANYTHING = frozenset({"unknown", "zip", "ole", "empty", "7z", "cab", "archive"})
"""True types that a program's file may have: then only the extension counts."""
_MAIN = {"image": "picture", "audio": "sound", "video": "film"}
_OFFICE = ("document", "table", "slides")
_BORNE = frozenset(
    {(a, b) for a in _OFFICE for b in (*_OFFICE, "text")}
    | {("text", "document"), ("text", "mail"), ("mail", "text"), ("sound", "film"), ("film", "sound"), ("document", "mail")}
    | {(a, "zip") for a in _OFFICE}
    | {("archive", b) for b in (*_OFFICE, "disk", "program")}
    | {("text", "notes")}
)
"""Harmless differences (claimed, true) that programs cause: a table saved as a web page, an archive that is an office file."""
_REPLACED = frozenset({"picture", "sound", "film", "pdf", "archive"})
"""File types that other gateways replace by a short text under the same name."""
_SURE = {"program": 95, "disk": 90, "text": 80, "archive": 70}
_HIDING = frozenset({"overridden"})


def judge(item: Item, true: str, scan: FileScan) -> None:
    """Note findings about one file. true: name of its type (core/filetype)."""
    name = file_names.read(item.name)
    program = _program(item, name, true, scan)
    if true in _ACTING:
        scan.note(item, "acts", "active", mask=true)
    elif name.ending in ACTIVE and (item.is_unseen or true in _ANYTHING) and true != "empty":
        scan.note(item, "acts", "active", sure=70, mask=f"by-name {name.ending}")
    _tricks(item, name, scan, program=program)
    if not item.is_unseen:
        _otherwise(item, name, true, scan)


def is_harmful(name: str, content: bytes) -> bool:
    """Whether an embedded file does something when opened there."""
    ending = file_names.read(name).ending
    true = identify(content, ending)
    return ending in PROGRAMS | ACTIVE or true.name in _HARMFUL or true.family in {"program", "disk", "notes"}


def _program(item: Item, name: FileName, true: str, scan: FileScan) -> bool:
    if true in types.PROGRAMS:
        scan.note(item, "executable", "executable", mask=true)
        return True
    if true == "empty" and not item.is_unseen:
        return False
    if name.ending in SCRIPTS and (item.is_unseen or true in {name.ending, "unknown"}):
        scan.note(item, "executable", "executable", sure=95, mask=f"script {name.ending}")
        return True
    if name.program and (item.is_unseen or true in _ANYTHING):
        scan.note(item, "executable", "executable", sure=80, mask=f"by-name {name.ending}")
        return True
    return False


def _tricks(item: Item, name: FileName, scan: FileScan, *, program: bool) -> None:
    if program and name.double:
        scan.note(item, "name-double", "mismatch", sure=95)
    for trick in name.tricks:
        hides = program or trick in _HIDING
        scan.note(item, f"name-{trick}", "mismatch" if hides else "", sure=95 if program else 60 if hides else 30)


def _otherwise(item: Item, name: FileName, true: str, scan: FileScan) -> None:
    """Note a file that is something else than claimed. The name counts before the declared type: many programs declare anything."""
    declared = file_names.FAMILY.get(name.ending, "")
    if not declared and not name.program:
        media_type = item.declared.lower()
        declared = types.MEDIA_FAMILY.get(media_type) or _MAIN.get(media_type.partition("/")[0], "")
    actual = TYPES.get(true, TYPES["unknown"]).family
    if not declared or not actual or actual in {declared, "nothing", "unknown"} or {(declared, actual), (declared, true)} & _BORNE:
        return
    if true == "txt" and declared in _REPLACED:
        scan.note(item, "mismatch", sure=40, mask=f"{declared} {true}")
        return
    scan.note(item, "mismatch", "mismatch", sure=_SURE.get(actual, 60), mask=f"{declared} {true}")
