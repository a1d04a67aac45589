"""How Seen crosses the pipe between a limited process and the gateway. The gateway believes nothing of its shape."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import orjson

from civicmail.city.policy.shapes import UNAVAILABLE, FactValue, Finding, read_facts
from civicmail.mail.screening.shapes import Seen, SeenFile, SeenLink

_FACTS = ("message.", "from.", "files.", "links.", "confidential.", UNAVAILABLE)
"""How facts begin that are of the bytes. What else the process says, of the door or of a sender's proof, nobody has asked it."""
_OF_OTHERS = frozenset({"message.outside", "message.recipients"})
_PROOFS = frozenset({"spf", "dkim", "arc", "dmarc", "clamav", "edge", "sender", "policy", "screening"})
"""Checks that are not made there: their findings stand in headers, and count as said by somebody else."""


def encode(seen: Seen) -> bytes:
    try:
        return orjson.dumps(seen)
    except (TypeError, ValueError):  # half a surrogate pair, which mail may hold and JSON may not
        return json.dumps(asdict(seen), ensure_ascii=False).encode("utf-8", "replace")


def decode(said: bytes) -> Seen:
    """Raises ValueError, TypeError, KeyError or AttributeError for what is none."""
    h = orjson.loads(said)
    return Seen(
        people={field: tuple((str(name), str(address)) for name, address in people) for field, people in h["people"].items()},
        subject=str(h["subject"]),
        message_id=str(h["message_id"]),
        list_id=str(h["list_id"]),
        references=tuple(map(str, h["references"])),
        fields={str(name): str(value) for name, value in h["fields"].items()},
        links=tuple(SeenLink(**link) for link in h["links"]),
        files=tuple(SeenFile(**file) for file in h["files"]),
        defects=tuple(map(str, h["defects"])),
        findings=tuple(map(_finding, h["findings"])),
        facts=_facts(h["facts"]),
        more=dict(h["more"]),
    )


def _finding(plain: dict[str, Any]) -> Finding:
    found = Finding(**plain)
    texts, numbers = (found.check, found.code, found.part, found.mask), (found.offset, found.length, found.sure, found.version)
    if not all(type(text) is str for text in texts) or not all(type(n) is int for n in (*numbers, found.cost)):
        raise TypeError("a finding is of texts and numbers")
    if found.check in _PROOFS and found.code != UNAVAILABLE:
        raise ValueError("that was not looked for there")
    return found


def _facts(plain: dict[str, Any]) -> dict[str, FactValue]:
    facts = read_facts(plain)
    if not all(name.startswith(_FACTS) and name not in _OF_OTHERS for name in facts):
        raise ValueError("that was not asked for")
    return facts
