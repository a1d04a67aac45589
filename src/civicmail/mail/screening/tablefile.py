"""A file of a few plain values and large arrays, read through a memory map. The learner stores its state and its model so.

Written whole: temporary name, sync, rename (core/disk). Format (docs/formats.md, "Spam"): four bytes of magic, CRC-32 of the rest,
length of the JSON, JSON, arrays, each aligned to eight bytes.
"""

from __future__ import annotations

import mmap
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.files import OS_FILES, Files, map_of

_HEAD = struct.Struct("<4sII")
_ALIGN = 8
TYPES = ("<f4", "<u4", "<u8", "<f8")

Arrays = Mapping[str, NDArray[Any]]


def encode(mark: bytes, plain: Mapping[str, Any], arrays: Arrays) -> bytes:
    """The file's bytes. plain: JSON values; the key "arrays" is reserved."""
    named = [[name, array.dtype.str, len(array)] for name, array in arrays.items()]
    json = orjson.dumps({**plain, "arrays": named}, option=orjson.OPT_SORT_KEYS)
    rest = [json, bytes(-(_HEAD.size + len(json)) % _ALIGN)]
    for array in arrays.values():
        content = np.ascontiguousarray(array).tobytes()
        rest += [content, bytes(-len(content) % _ALIGN)]
    crc = zlib.crc32(b"".join([len(json).to_bytes(4, "little"), *rest]))
    return b"".join([_HEAD.pack(mark, crc, len(json)), *rest])


def write(path: Path, mark: bytes, plain: Mapping[str, Any], arrays: Arrays, files: Files = OS_FILES) -> None:
    """Durable on return; readers see the old or the new file. Raises OSError."""
    files.make_folder(path.parent)
    files.replace(path, encode(mark, plain, arrays))


def read(path: Path, mark: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The plain values and the arrays, which are views of the memory map. Raises FileNotFoundError, DamagedFile."""
    with path.open("rb") as h:
        try:
            mapped = map_of(h.fileno())
        except ValueError:
            raise DamagedFile(f"{path.name} is empty.") from None
    return decode(mapped, mark, path.name)


def decode(content: bytes | mmap.mmap, mark: bytes, name: str = "It") -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The inverse of encode. Raises DamagedFile."""
    view = memoryview(content)
    if len(view) < _HEAD.size or bytes(view[:4]) != mark:
        raise DamagedFile(f"{name} does not begin with {mark.decode()}.")
    _, crc, length = _HEAD.unpack_from(view)
    if zlib.crc32(view[8:]) != crc:
        raise DamagedFile(f"{name} is not what was written: its checksum differs.")
    plain: dict[str, Any] = orjson.loads(bytes(view[_HEAD.size : _HEAD.size + length]))
    arrays: dict[str, NDArray[Any]] = {}
    at = _HEAD.size + length
    for array, kind, count in plain.pop("arrays"):
        at += -at % _ALIGN
        if kind not in TYPES:
            raise DamagedFile(f"{name} has an array of a kind that is not known, {kind}.")
        arrays[array] = np.frombuffer(content, np.dtype(kind), count, at)
        at += arrays[array].nbytes
    return plain, arrays
