"""The pick-up store: messages that cannot reach their reader encrypted in another way (docs/formats.md).

pickup/<id>/      message, index, and each file by its number: AES-256-GCM in pieces, so that any range of a large file can be read
keys/pickup/<id>  the only key of that message: removing it makes every copy of the message unreadable

The id is not secret; it is derived from capture and recipient, so that a second attempt after a crash finds the first one's files.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.mail.courier import pickup_client

MAGIC = b"CVB1"
PIECE = 256 << 10
_TAG = 16
_NONCE = struct.Struct(">IQ")
_ABOUT = struct.Struct(">IQB")
_INDEX, _MESSAGE, _FIRST = 0, 1, 2


def box_id(capture: bytes, index: int) -> str:
    return hashlib.sha256(b"box\0" + capture + index.to_bytes(4, "big")).hexdigest()[:32]


def folder(data: Path) -> Path:
    return data / "pickup"


def keys(data: Path) -> Path:
    return data / "keys" / "pickup"


def waiting(data: Path) -> list[str]:
    """The ids of all boxes that are whole."""
    top = folder(data)
    return sorted(p.name for p in top.iterdir() if (p / "about").exists()) if top.is_dir() else []


def about(data: Path, id_: str) -> dict[str, Any]:
    """The public data of a stored message: capture (UUID), index, to, sender, login, at (ms), and kinds: findings that must never
    go by TLS alone; missing in files of older programs. Raises FileNotFoundError."""
    facts: dict[str, Any] = orjson.loads((folder(data) / id_ / "about").read_bytes())
    return facts


def place(data: Path, id_: str, message: bytes, facts: dict[str, Any], files: Files = OS_FILES) -> None:
    """Store a message; durable on return. A complete one is left unchanged. said: as `about` returns it. Raises LaterError.
    Blocks."""
    where = folder(data) / id_
    if (where / "about").exists() and (keys(data) / id_).exists():
        return
    index, contents = pickup_client.contents(message)
    shutil.rmtree(where, ignore_errors=True)
    key = os.urandom(32)
    for path in (keys(data), where):
        files.make_folder(path, levels=2)
    files.replace(keys(data) / id_, key)
    for number, content in enumerate(contents):
        _write(where / str(number), key, id_, _FIRST + number, content, files)
    _write(where / "message", key, id_, _MESSAGE, message, files)
    shown = index | {"from": index["from"] or facts.get("sender", ""), "size": len(message)}
    _write(where / "index", key, id_, _INDEX, orjson.dumps(shown), files)
    files.replace(where / "about", orjson.dumps(facts))  # last: without it there is no box


def remove(data: Path, id_: str, files: Files = OS_FILES) -> None:
    """Remove a message, its key first, after which the rest is unreadable."""
    files.unlink(keys(data) / id_)
    if keys(data).is_dir():
        files.sync_folder(keys(data))
    shutil.rmtree(folder(data) / id_, ignore_errors=True)


def index(data: Path, id_: str) -> dict[str, Any]:
    """The content: subject, from, name, text, files. Raises FileNotFoundError if it was removed, DamagedFile."""
    content = Sealed(data, id_, "index", _INDEX)
    contents: dict[str, Any] = orjson.loads(b"".join(content.pieces(0, content.size)))
    return contents


def message(data: Path, id_: str) -> Sealed:
    return Sealed(data, id_, "message", _MESSAGE)


def file(data: Path, id_: str, number: int) -> Sealed:
    """A file by its number in the index."""
    return Sealed(data, id_, str(number), _FIRST + number)


class Sealed:
    """One file of a box. Raises FileNotFoundError where it, or its key, is gone."""

    def __init__(self, data: Path, id_: str, name: str, number: int) -> None:
        self._path = folder(data) / id_ / name
        self._gcm = AESGCM((keys(data) / id_).read_bytes())
        self._id, self._number = id_, number
        stored = self._path.stat().st_size - len(MAGIC)
        self._last = max(0, -(-stored // (PIECE + _TAG)) - 1)
        self.size = stored - (self._last + 1) * _TAG

    def pieces(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from start to stop, at most PIECE at a time. Raises DamagedFile."""
        with self._path.open("rb") as h:
            for at in range(start // PIECE, -(-stop // PIECE)):
                h.seek(len(MAGIC) + at * (PIECE + _TAG))
                plain = self._opened(h.read(PIECE + _TAG), at)
                yield plain[max(0, start - at * PIECE) : stop - at * PIECE]

    def _opened(self, piece: bytes, at: int) -> bytes:
        try:
            return self._gcm.decrypt(_NONCE.pack(self._number, at), piece, _bound(self._id, self._number, at, at == self._last))
        except InvalidTag:
            raise DamagedFile(f"The box {self._id} is damaged.") from None


def _write(path: Path, key: bytes, id_: str, number: int, content: bytes, files: Files) -> None:
    """Pieces of one file, each bound to box, file, place, and whether it is the last: nothing can be cut off unseen."""
    with suppress(FileNotFoundError):
        path.unlink()
    out, last = files.open(path, create=True), max(0, -(-len(content) // PIECE) - 1)
    try:
        at = out.write_at(0, [MAGIC])
        for piece in _sealed(AESGCM(key), id_, number, content, last):
            at = out.write_at(at, [piece])
        out.sync()
    finally:
        out.close()


def _sealed(gcm: AESGCM, id_: str, number: int, content: bytes, last: int) -> Iterable[bytes]:
    for at in range(last + 1):
        piece = content[at * PIECE : (at + 1) * PIECE]
        yield gcm.encrypt(_NONCE.pack(number, at), piece, _bound(id_, number, at, at == last))


def _bound(id_: str, number: int, at: int, last: bool) -> bytes:
    return id_.encode() + _ABOUT.pack(number, at, last)
