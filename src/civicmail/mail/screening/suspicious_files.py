"""Judge a file by its true type: a program, active content, or something else than its name and type say. Pure."""

from __future__ import annotations

from civicmail.mail.screening import file_names
from civicmail.mail.screening.file_names import ACTIVE, PROGRAMS, SCRIPTS, FileName
from civicmail.mail.screening.file_scan import FileScan, Item
from civicmail.mail.screening.file_types import DISKS, FAMILY, PROGRAM_TYPES, identify

_ACTING = DISKS | {"lnk", "url", "iqy", "rdp", "mht"}
_HARMFUL = _ACTING | PROGRAM_TYPES | SCRIPTS | {"html", "svg"}
_ANYTHING = frozenset({"unknown", "zip", "ole", "empty", "7z", "cab", "archive"})
"""True types that a program's file may have: then only the extension counts."""
_DECLARED = {
    "application/pdf": "pdf",
    "application/msword": "document",
    "application/vnd.ms-excel": "table",
    "application/vnd.ms-powerpoint": "slides",
    "application/zip": "archive",
    "text/html": "text",
}
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
    """Note findings about one file. true: from file_types.py and its contents."""
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
    return ending in PROGRAMS | ACTIVE or true in _HARMFUL or FAMILY.get(true) in {"program", "disk", "notes"}


def _program(item: Item, name: FileName, true: str, scan: FileScan) -> bool:
    if true in PROGRAM_TYPES:
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
        declared = _DECLARED.get(item.declared.lower()) or _MAIN.get(item.declared.lower().partition("/")[0], "")
    actual = FAMILY.get(true, "program" if true in SCRIPTS else "")
    if not declared or not actual or actual in {declared, "nothing", "unknown"} or {(declared, actual), (declared, true)} & _BORNE:
        return
    if true == "txt" and declared in _REPLACED:
        scan.note(item, "mismatch", sure=40, mask=f"{declared} {true}")
        return
    scan.note(item, "mismatch", "mismatch", sure=_SURE.get(actual, 60), mask=f"{declared} {true}")
