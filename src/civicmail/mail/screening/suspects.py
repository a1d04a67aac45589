"""Whether a file is a program, acts by itself, or is something else than its name and type say: by what it truly is. Pure."""

from __future__ import annotations

from civicmail.mail.screening import truenames
from civicmail.mail.screening.looking import Item, Look
from civicmail.mail.screening.truenames import ACTIVE, PROGRAMS, SCRIPTS, Name
from civicmail.mail.screening.truetypes import DISKS, FAMILY, PROGRAM_TYPES, of

_ACTING = DISKS | {"lnk", "url", "iqy", "rdp", "mht"}
_HARMFUL = _ACTING | PROGRAM_TYPES | SCRIPTS | {"html", "svg"}
_ANYTHING = frozenset({"unknown", "zip", "ole", "empty", "7z", "cab", "archive"})
"""True types of which a file that a system starts may be: the ending is then all there is to go by."""
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
"""(what the name says, what it is) that programs make by themselves: a table saved as a page, an archive that is an office file."""
_REPLACED = frozenset({"picture", "sound", "film", "pdf", "archive"})
"""What other gateways replace by a few words, and leave the name."""
_SURE = {"program": 95, "disk": 90, "text": 80, "archive": 70}
_HIDING = frozenset({"overridden"})


def judge(item: Item, true: str, look: Look) -> None:
    """Note what it is. true: of truetypes.py and what lies in it."""
    name = truenames.read(item.name)
    program = _program(item, name, true, look)
    if true in _ACTING:
        look.note(item, "acts", "active", mask=true)
    elif name.ending in ACTIVE and (item.unseen or true in _ANYTHING) and true != "empty":
        look.note(item, "acts", "active", sure=70, mask=f"by-name {name.ending}")
    _tricks(item, name, look, program=program)
    if not item.unseen:
        _otherwise(item, name, true, look)


def is_harmful(name: str, content: bytes) -> bool:
    """Whether a file that a document carries does something when somebody opens it there."""
    ending = truenames.read(name).ending
    true = of(content, ending)
    return ending in PROGRAMS | ACTIVE or true in _HARMFUL or FAMILY.get(true) in {"program", "disk", "notes"}


def _program(item: Item, name: Name, true: str, look: Look) -> bool:
    if true in PROGRAM_TYPES:
        look.note(item, "executable", "executable", mask=true)
        return True
    if true == "empty" and not item.unseen:
        return False
    if name.ending in SCRIPTS and (item.unseen or true in {name.ending, "unknown"}):
        look.note(item, "executable", "executable", sure=95, mask=f"script {name.ending}")
        return True
    if name.program and (item.unseen or true in _ANYTHING):
        look.note(item, "executable", "executable", sure=80, mask=f"by-name {name.ending}")
        return True
    return False


def _tricks(item: Item, name: Name, look: Look, *, program: bool) -> None:
    if program and name.double:
        look.note(item, "name-double", "mismatch", sure=95)
    for trick in name.tricks:
        hides = program or trick in _HIDING
        look.note(item, f"name-{trick}", "mismatch" if hides else "", sure=95 if program else 60 if hides else 30)


def _otherwise(item: Item, name: Name, true: str, look: Look) -> None:
    """Something else than it says. A name counts before a declared type: many programs declare whatever they like."""
    said = truenames.FAMILY.get(name.ending, "")
    if not said and not name.program:
        said = _DECLARED.get(item.declared.lower()) or _MAIN.get(item.declared.lower().partition("/")[0], "")
    actual = FAMILY.get(true, "program" if true in SCRIPTS else "")
    if not said or not actual or actual in {said, "nothing", "unknown"} or {(said, actual), (said, true)} & _BORNE:
        return
    if true == "txt" and said in _REPLACED:
        look.note(item, "mismatch", sure=40, mask=f"{said} {true}")
        return
    look.note(item, "mismatch", "mismatch", sure=_SURE.get(actual, 60), mask=f"{said} {true}")
