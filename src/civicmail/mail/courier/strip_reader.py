"""Which files of a message can be stripped from a copy, and what replaces them. Pure; in sandboxed processes (strip_requests.py).

A copy is read once more before it leaves: if its files are not exactly the approved ones, by path and SHA-256, it does not leave.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from civicmail.city.policy.approvals import Part, PartialApproval
from civicmail.core.message import message_parser, removable_parts
from civicmail.mail.courier.errors import NotAsApproved
from civicmail.mail.courier.strip_attachments import Replaced, derived, replacement_part
from civicmail.mail.courier.strip_requests import Edits, FindRemovable, StripFiles
from civicmail.mail.screening import outbound_files


def find_removable(raw: bytes, _request: FindRemovable) -> list[str]:
    return paths(raw)


def strip_files(raw: bytes, request: StripFiles) -> Edits | str:
    try:
        return [(at, length, text) for at, length, text in replaced(raw, request.apart)]
    except NotAsApproved as error:
        return str(error)


def paths(raw: bytes) -> list[str]:
    """Files of a message that can be stripped from a copy."""
    there = removable_parts.places(raw)
    return [path for path, _ in _files(raw) if path in there]


def replaced(raw: bytes, apart: PartialApproval) -> Replaced:
    """Replacements for the files that do not leave. raw: the archived bytes. Raises NotAsApproved."""
    edits = sorted(_edits(raw, apart), key=lambda edit: int(edit[0]))
    if sorted(_files(derived(raw, edits))) != sorted(apart.approved):
        raise NotAsApproved("The files of a copy would not be exactly those that were approved, so it does not leave.")
    return edits


def _edits(raw: bytes, apart: PartialApproval) -> Iterator[list[Any]]:
    there = removable_parts.places(raw)
    for path, _ in apart.stripped:
        if (place := there.get(path)) is None:
            raise NotAsApproved("A file cannot be left out of this message: it is signed, or lies inside another part.")
        yield [place.start, place.end - place.start, replacement_part(place.name)]


def _files(raw: bytes) -> list[Part]:
    """As the check has them that asks a manager (screening/outbound_approval.py)."""
    return [(path, hashlib.sha256(part.content).hexdigest()) for path, part in outbound_files.parts(message_parser.parse(raw))]
