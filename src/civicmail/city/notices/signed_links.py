"""Signed links, which work without an account: they cannot be forged, and need no lookup before verification.

The format is in docs/formats.md, "Signed links".

    token = make(data, "report", capture, index, until)
    read(data, "report", token, now)   -> Token, or BadLink, OldLink

A key signs until the next one is made; older keys still verify, so that links in mailboxes keep working. The key file is read again
only after it changed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import orjson

from civicmail.city.notices.errors import BadLink, OldLink
from civicmail.core.config.errors import ConfigError
from civicmail.core.disk.files import OS_FILES, Files

Purpose = Literal["link", "report", "verify", "digest", "answer"]

PURPOSES: dict[str, int] = {"link": 1, "report": 2, "verify": 3, "digest": 4, "answer": 5}
"""A token for one purpose is none for another. Numbers are never given again."""
MAX_KEYS = 16
"""Keys that still verify; an older one is forgotten when a new one is made."""
MAX_TOKEN_LENGTH = 8192
"""Characters of a token; nothing longer is read."""

_VERSION = 1
_HEAD = struct.Struct(">BBBI16sH")
_MAC = 16
_MAC_CONTEXT = b"civicmail link\0"


@dataclass(frozen=True, slots=True)
class Token:
    """capture: its 16 bytes; index: of the recipient in the envelope; until: ms since 1970, 0 for no end; more: additional data."""

    purpose: str
    capture: bytes
    index: int
    until: int
    more: bytes = b""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys by their number; the last one signs."""

    keys: dict[int, bytes] = field(repr=False)
    last: int
    made: int

    def sign(self, token: Token) -> str:
        """A token as text for a URL: letters, digits, - and _."""
        seconds = -(-token.until // 1000)
        payload = _HEAD.pack(_VERSION, self.last, PURPOSES[token.purpose], seconds, token.capture, token.index) + token.more
        text = _text(payload + _mac(self.keys[self.last], payload))
        if len(text) > MAX_TOKEN_LENGTH:
            raise ValueError("a token that long is never read")
        return text

    def verify(self, purpose: str, text: str) -> Token:
        """Verify a token, but not its time. Raises BadLink."""
        raw = _bytes(text)
        if len(raw) < _HEAD.size + _MAC:
            raise BadLink
        payload, mac = raw[:-_MAC], raw[-_MAC:]
        version, number, for_, seconds, capture, index = _HEAD.unpack_from(payload)
        key = self.keys.get(number, b"")
        if not key or not hmac.compare_digest(mac, _mac(key, payload)) or version != _VERSION or for_ != PURPOSES[purpose]:
            raise BadLink
        return Token(purpose, capture, index, seconds * 1000, payload[_HEAD.size :])


def make(data: Path, purpose: Purpose, capture: bytes, index: int, until: int, more: bytes = b"") -> str:
    """A token for one copy. until: ms since 1970, 0 for no end. Raises OSError, ConfigError where there is no key to sign with."""
    return ring(data).sign(Token(purpose, capture, index, until, more))


def read(data: Path, purpose: Purpose, text: str, now: int) -> Token:
    """Read a token. Raises BadLink for a foreign token or another purpose, OldLink for an expired one."""
    token = ring(data).verify(purpose, text)
    if token.until and token.until <= now:
        raise OldLink
    return token


def key_path(data: Path) -> Path:
    return data / "keys" / "links.json"


def ring(data: Path, files: Files = OS_FILES) -> KeyRing:
    """The keys of an installation, with a first one where there is none. Raises OSError, ConfigError."""
    path = key_path(data)
    try:
        stamp = path.stat()
    except FileNotFoundError:
        files.write_once(path, _plain({1: secrets.token_bytes(32)}, 0))
        stamp = path.stat()
    seen = (stamp.st_ino, stamp.st_mtime_ns, stamp.st_size)
    known = _RINGS.get(path)
    if known is None or known[0] != seen:
        known = _RINGS[path] = (seen, _loaded(path))
    return known[1]


def rotate(data: Path, now: int, files: Files = OS_FILES) -> KeyRing:
    """Sign with a new key from now on; KEPT of the older ones still verify."""
    old = ring(data, files)
    number = old.last % 255 + 1
    kept = [n for n in old.keys if n != number][-(MAX_KEYS - 1) :]
    keys = {n: old.keys[n] for n in kept} | {number: secrets.token_bytes(32)}
    files.replace(key_path(data), _plain(keys, now))
    return ring(data, files)


_RINGS: dict[Path, tuple[tuple[int, int, int], KeyRing]] = {}


def _plain(keys: dict[int, bytes], made: int) -> bytes:
    rows = [{"number": number, "key": key.hex()} for number, key in keys.items()]
    return orjson.dumps({"v": 1, "made": made, "keys": rows}, option=orjson.OPT_INDENT_2)


def _loaded(path: Path) -> KeyRing:
    try:
        plain = orjson.loads(path.read_bytes())
        keys = {int(row["number"]): bytes.fromhex(row["key"]) for row in plain["keys"]}
        if plain["v"] != 1 or not keys or any(len(key) != 32 for key in keys.values()):
            raise ValueError
        return KeyRing(keys, list(keys)[-1], int(plain["made"]))
    except (ValueError, TypeError, KeyError):
        raise ConfigError("keys/links.json cannot be read; put it back from a backup.") from None


def _mac(key: bytes, payload: bytes) -> bytes:
    return hmac.digest(key, _MAC_CONTEXT + payload, hashlib.sha256)[:_MAC]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    """The bytes of a token; b"" for text that is no token, or not its only spelling."""
    if len(text) > MAX_TOKEN_LENGTH or not text.isascii():
        return b""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""
    return raw if _text(raw) == text else b""
