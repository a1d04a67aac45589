"""Exact data match lists: keyed hashes, so that the file reveals no value (docs/formats.md).

A row has two fields: an identifier, and a name that must occur in the same message. An unkeyed hash would be useless, because all
Social Security numbers can be tried in minutes. The key is in a separate file that only the installation reads.
"""

from __future__ import annotations

import hashlib
import hmac
import mmap
import os
import re
import secrets
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from civicmail.core.disk.files import OS_FILES, Files
from civicmail.mail.screening.confidential import candidates
from civicmail.mail.screening.confidential.errors import ListUnusable

FOLDER = "exact"
NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
MAX_ROWS = 5_000_000
"""Rows of a list."""

_MAGIC = b"CVX1"
_HEAD = struct.Struct("<4sIQQ16s24x")
_HASH = 12
_ROW = 2 * _HASH
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Exact:
    """One list: rows sorted by the hash of the identifier, in a mapped file. made: ms."""

    name: str
    count: int
    made: int
    rows: bytes | mmap.mmap

    def names(self, identifier: bytes) -> list[bytes]:
        """The hashes of the names beside an identifier, by its hash; none where the list does not have it."""
        low, high = 0, self.count
        while low < high:
            middle = (low + high) // 2
            at = _HEAD.size + middle * _ROW
            if self.rows[at : at + _HASH] < identifier:
                low = middle + 1
            else:
                high = middle
        hashes = []
        at = _HEAD.size + low * _ROW
        while self.rows[at : at + _HASH] == identifier:
            hashes.append(self.rows[at + _HASH : at + _ROW])
            at += _ROW
        return hashes


def identifier_hash(key: bytes, value: str) -> bytes:
    """value: as candidates.identifier() gives it."""
    return hmac.digest(key, b"id\0" + value.encode(), hashlib.sha256)[:_HASH]


def name_hash(key: bytes, value: str, word: str) -> bytes:
    """Hash of the name in the row of an identifier: the same name has another hash in each row."""
    return hmac.digest(key, b"with\0" + value.encode() + b"\0" + word.encode(), hashlib.sha256)[:_HASH]


def build(key: bytes, rows: Iterable[tuple[Sequence[str], str]], made: int) -> tuple[bytes, int, int]:
    """The file of a list; rows: identifiers and the name beside them, as their owner has them. Also how many rows are in it, and
    how many could not be used, because they have no identifier of that shape or no name. Raises ListUnusable."""
    held: set[bytes] = set()
    used = unused = 0
    for identifiers, beside in rows:
        values, word = [v for one in identifiers if (v := candidates.identifier(one))], candidates.name(beside)
        if not values or not word:
            unused += 1
            continue
        used += 1
        held.update(identifier_hash(key, v) + name_hash(key, v, word) for v in values)
        if used > MAX_ROWS:
            raise ListUnusable(f"A list has at most {MAX_ROWS:,} rows.")
    body = _HEAD.pack(_MAGIC, 0, len(held), made, key_id(key))[8:] + b"".join(sorted(held))
    return _MAGIC + struct.pack("<I", zlib.crc32(body)) + body, used, unused


def read(path: Path, key: bytes) -> Exact:
    """Raises ListUnusable for a damaged file, or one of another key; OSError."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size < _HEAD.size:
            raise ListUnusable(f"The list {path.stem} is damaged.")
        rows = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    magic, checked, count, made, whose = _HEAD.unpack_from(rows)
    if magic != _MAGIC or len(rows) != _HEAD.size + count * _ROW or zlib.crc32(memoryview(rows)[8:]) != checked:
        raise ListUnusable(f"The list {path.stem} is damaged.")
    if whose != key_id(key):
        raise ListUnusable(f"The list {path.stem} was made with another key than keys/exact.key.")
    return Exact(path.stem, count, made, rows)


def write(data: Path, name: str, content: bytes, files: Files = OS_FILES) -> None:
    """Put a list in the place of the one with this name; durable on return. Raises ListUnusable for no name of a list, OSError."""
    path = path_of(data, name)
    files.make_folder(path.parent)
    files.replace(path, content)


def remove(data: Path, name: str, files: Files = OS_FILES) -> None:
    """Remove a list; an absent one is ignored. Durable on return. Raises ListUnusable for an invalid name, OSError."""
    path = path_of(data, name)
    files.unlink(path)
    files.sync_folder(path.parent)


def path_of(data: Path, name: str) -> Path:
    if not NAME.fullmatch(name):
        raise ListUnusable(f"{name} is not a valid list name: use at most 40 small letters, digits and dashes.")
    return data / FOLDER / f"{name}.list"


def there(data: Path) -> list[Path]:
    """The files of all lists, by name. Raises OSError for a folder that cannot be read: that is not an empty one."""
    try:
        paths = sorted((data / FOLDER).iterdir())
    except FileNotFoundError:
        return []
    return [path for path in paths if path.suffix == ".list" and NAME.fullmatch(path.stem)]


def key_id(key: bytes) -> bytes:
    """By which a list knows its key."""
    return hashlib.sha256(b"civicmail exact\0" + key).digest()[:16]


def key_path(data: Path) -> Path:
    return data / "keys" / "exact.key"


def read_key(data: Path) -> bytes:
    """Read the key. Raises ListUnusable if no file contains a possible key; OSError."""
    try:
        key = key_path(data).read_bytes()
    except FileNotFoundError:
        raise ListUnusable("There is no keys/exact.key: the first list makes one.") from None
    if len(key) != _KEY_BYTES:
        raise ListUnusable("keys/exact.key is not a key of 32 bytes.")
    return key


def make_key(data: Path, files: Files = OS_FILES) -> bytes:
    """Read the key; if there is none, make a random one that can only be read from then on (0400). Raises OSError."""
    files.write_once(key_path(data), secrets.token_bytes(_KEY_BYTES), 0o400)
    return read_key(data)
