"""Contact cards as vCard 3.0 (RFC 2426) and 4.0 (RFC 6350). Pure."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import Literal

from civicmail.desk.mailbox.models.addressbook import Entry

Version = Literal["3.0", "4.0"]
_SPACE = uuid.UUID("2a1d4f0c-6f0e-4a55-9f5e-8c1f9c7d3b60")
_KINDS = {"person": "individual", "office": "org", "list": "group"}
_FOLD = 75
"""Octets of a line (RFC 6350 3.2)."""


@dataclass(frozen=True, slots=True)
class Card:
    """uid: permanent; fields: property -> values, for filters; etag: of the text, in quotes."""

    uid: str
    fields: dict[str, list[str]]
    entry: Entry
    city: str
    etag: str

    def text(self, version: Version = "3.0") -> str:
        return "".join(f"{_folded(line)}\r\n" for line in _lines(self.entry, self.uid, self.city, version))


def made(entry: Entry, city: str) -> Card:
    """The card of an entry."""
    uid = str(uuid.uuid5(_SPACE, entry.key))
    fields = {"UID": [uid], "FN": [entry.name], "EMAIL": [entry.address], "ORG": [f"{city};{entry.department}"]}
    fields |= {"N": [f"{entry.family or entry.name};{entry.given}"]}
    fields |= {"TITLE": [entry.more]} if entry.more else {}
    text = "\n".join(_lines(entry, uid, city, "3.0"))
    return Card(uid, fields, entry, city, f'"{hashlib.sha256(text.encode()).hexdigest()[:24]}"')


def _lines(entry: Entry, uid: str, city: str, version: Version) -> list[str]:
    """FN and N exist in both versions (3.0 requires them); KIND exists in 4.0 and distinguishes offices from people."""
    family, given = (entry.family, entry.given) if entry.kind == "person" else (entry.name, "")
    lines = ["BEGIN:VCARD", f"VERSION:{version}", f"UID:{uid}", f"FN:{_value(entry.name)}"]
    lines += [f"N:{_value(family or entry.name)};{_value(given)};;;"]
    lines += [f"KIND:{_KINDS[entry.kind]}"] if version == "4.0" else ["X-ABSHOWAS:COMPANY"] if entry.kind != "person" else []
    lines += [f"EMAIL;TYPE={'work' if version == '4.0' else 'INTERNET,WORK'}:{_value(entry.address)}"]
    lines += [f"ORG:{_value(city)};{_value(entry.department)}"]
    lines += [f"TITLE:{_value(entry.more)}"] if entry.more else []
    return [*lines, "END:VCARD"]


def _value(text: str) -> str:
    """A text value (RFC 6350 3.4); what no line may have is a blank."""
    plain = "".join(c if c >= " " and c != "\x7f" else " " for c in " ".join(str(text).split()))
    return plain.replace("\\", "\\\\").replace(",", "\\,").replace(";", "\\;")


def _folded(line: str) -> str:
    """A long line in pieces, none of which breaks a character."""
    pieces, piece, room = [], "", _FOLD
    for character in line:
        if len((piece + character).encode()) > room:
            pieces.append(piece)
            piece, room = "", _FOLD - 1
        piece += character
    return "\r\n ".join([*pieces, piece])
