"""Encode an ExtractedMessage for the pipe from the sandboxed process: length of the JSON (4 bytes, big-endian), JSON, binary
values. The gateway trusts nothing about its shape."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import orjson

from civicmail.city.policy.dispositions import UNAVAILABLE, FactValue, Finding, read_facts
from civicmail.mail.screening.shapes import ExtractedFile, ExtractedLink, ExtractedMessage

_LENGTH = 4
_BEHIND = "behind"
"""Placeholder for binary values in `more`: {"behind": [start, end]} of the bytes after the JSON."""
_FACTS = ("message.", "from.", "files.", "links.", "phishing.", "confidential.", UNAVAILABLE)
"""Prefixes of facts about the bytes. The process has no say about other facts, such as the listener or a proof of the sender."""
_OF_OTHERS = frozenset({"message.outside", "message.recipients"})
_PROOFS = frozenset({"spf", "dkim", "arc", "dmarc", "clamav", "edge", "sender", "policy", "screening"})
"""Checks that do not run in that process: it must not report findings of theirs."""


def encode(seen: ExtractedMessage) -> bytes:
    behind: list[bytes] = []

    def put(value: object) -> dict[str, list[int]]:
        if not isinstance(value, bytes):
            raise TypeError(value)
        first = sum(map(len, behind))
        behind.append(value)
        return {_BEHIND: [first, first + len(value)]}

    try:
        head = orjson.dumps(seen, default=put)
    except (TypeError, ValueError):  # half a surrogate pair, which mail may hold and JSON may not
        behind.clear()
        head = json.dumps(asdict(seen), ensure_ascii=False, default=put).encode("utf-8", "replace")
    return b"".join((len(head).to_bytes(_LENGTH), head, *behind))


def decode(data: bytes) -> ExtractedMessage:
    """Raises ValueError, TypeError, KeyError or AttributeError for invalid data."""
    end = _LENGTH + int.from_bytes(data[:_LENGTH])
    h, behind = orjson.loads(data[_LENGTH:end]), data[end:]
    return ExtractedMessage(
        people={field: tuple((str(name), str(address)) for name, address in people) for field, people in h["people"].items()},
        subject=str(h["subject"]),
        message_id=str(h["message_id"]),
        list_id=str(h["list_id"]),
        references=tuple(map(str, h["references"])),
        fields={str(name): str(value) for name, value in h["fields"].items()},
        links=tuple(ExtractedLink(**link) for link in h["links"]),
        files=tuple(ExtractedFile(**file) for file in h["files"]),
        defects=tuple(map(str, h["defects"])),
        findings=tuple(map(_finding, h["findings"])),
        facts=_facts(h["facts"]),
        more={str(check): _more(plain, behind) for check, plain in h["more"].items()},
    )


def _more(plain: dict[str, Any], behind: bytes) -> dict[str, Any]:
    """What one check has for another, with its binary values restored."""
    return {name: behind[slice(*value[_BEHIND])] if _is_place(value) else value for name, value in plain.items()}


def _is_place(value: object) -> bool:
    return type(value) is dict and value.keys() == {_BEHIND}


def _finding(plain: dict[str, Any]) -> Finding:
    finding = Finding(**plain)
    texts, numbers = (
        (finding.check, finding.code, finding.part, finding.mask),
        (finding.offset, finding.length, finding.sure, finding.version),
    )
    if not all(type(text) is str for text in texts) or not all(type(n) is int for n in (*numbers, finding.cost)):
        raise TypeError("a finding is of texts and numbers")
    if finding.check in _PROOFS and finding.code != UNAVAILABLE:
        raise ValueError("that was not looked for there")
    return finding


def _facts(plain: dict[str, Any]) -> dict[str, FactValue]:
    facts = read_facts(plain)
    if not all(name.startswith(_FACTS) and name not in _OF_OTHERS for name in facts):
        raise ValueError("that was not asked for")
    return facts
