"""Security events as syslog messages (RFC 5424) and their framing (RFC 5426, 6587). Pure.

<109>1 2026-03-02T12:00:00.000Z mail.city.example civicmail - access.end [civicmail@32473 uuid="…" person="e-2" …] access.end …
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import orjson

from civicmail.front.worker.ocsf import Kind, kind_of
from civicmail.front.worker.siem_events import SecurityEvent

AUTHENTICATION, AUDIT = 10, 13
"""Facilities: security and authorization messages, log audit (RFC 5424 6.2.1)."""
WARNING, NOTICE, INFORMATIONAL = 4, 5, 6
MAX_DATAGRAM = 2_048
"""Bytes that each receiver should take in one datagram (RFC 5424 6.1, RFC 5426 3.2)."""
_UNPRINTED = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff]")
_PARAM = re.compile(rb' [a-z]+="(?:[^"\\\]]|\\.)*"')
_NAMED = ("person", "duty", "behalf", "object", "reason", "client", "ledger")


def message(event: SecurityEvent, host: str, enterprise: int, version: str) -> bytes:
    """One unframed message. host: sender; enterprise: private enterprise number of the SD-ID."""
    kind = kind_of(event)
    facility = AUTHENTICATION if kind.uid == Kind.AUTHENTICATION else AUDIT
    severity = WARNING if kind.failed or kind.alert else INFORMATIONAL if kind.is_read else NOTICE
    at = datetime.fromtimestamp(event.at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{event.at % 1000:03d}Z"
    head = f"<{facility * 8 + severity}>1 {at} {_name(host, 255)} civicmail - {_name(event.act, 32)}"
    words = " ".join(word for word in (event.act, event.person, event.object) if word)
    text = _plain(words).encode()
    mark = b"" if text.isascii() else b"\xef\xbb\xbf"  # MSG-UTF8 (RFC 5424 6.4)
    return f"{head} {_structured(event, enterprise, version)} ".encode() + mark + text


def _structured(event: SecurityEvent, enterprise: int, version: str) -> str:
    """The structured data: which program it is, and the event."""
    values = {"uuid": event.uuid, "act": event.act} | {name: getattr(event, name) for name in _NAMED}
    if event.facts:
        values["facts"] = orjson.dumps(event.facts, option=orjson.OPT_SORT_KEYS).decode()
    words = " ".join(f'{name}="{_value(text)}"' for name, text in values.items() if text)
    return f'[origin software="civicmail" swVersion="{_value(version)}"][civicmail@{enterprise} {words}]'


def octet_counted(message_: bytes) -> bytes:
    """A frame of a stream (RFC 6587 3.4.1, RFC 5425 4.3)."""
    return b"%d %s" % (len(message_), message_)


def datagram(message_: bytes) -> bytes:
    """Truncate to the size that receivers must accept, from the end: uuid, act and person come first."""
    if len(message_) <= MAX_DATAGRAM:
        return message_
    begin = message_.index(b"][civicmail@") + 1
    end = message_.index(b" ", begin)
    for value in _PARAM.finditer(message_, end):
        if value.end() > MAX_DATAGRAM - len(b"] "):
            break
        end = value.end()
    return message_[:end] + b"] "


def _name(text: str, limit: int) -> str:
    """Printable ASCII without spaces (RFC 5424 6.2)."""
    return re.sub("[^!-~]", "-", text)[:limit] or "-"


def _value(text: str) -> str:
    """A PARAM-VALUE (RFC 5424 6.3.3)."""
    return re.sub(r'(["\\\]])', r"\\\1", _plain(text))


def _plain(text: str) -> str:
    """Text without line breaks and control characters."""
    return _UNPRINTED.sub(lambda m: f"\\u{ord(m[0]):04x}", text)
