"""The bytes of a release that may be downloaded: each file leaves through the gate's `release`, one by one and in the zip.

Two files are no part of what the gate checks: the signature of the manifest, and the program that verifies the release, which is a
constant of this program. The zip file is made while it is sent, the same bytes each time.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path

from civicmail.core.redaction.gate import Certificate, release
from civicmail.core.redaction.shapes import ReleasedFile
from civicmail.desk.records.production import verify_production
from civicmail.desk.records.production.making import PLACES

SIGNATURE, PROGRAM = "manifest.sig", "verify.py"
_MOMENT = (2000, 1, 1, 0, 0, 0)
_LEVEL = 1


@dataclass(frozen=True, slots=True)
class Listed:
    """A file of a production, and the certificate of the gate. is_document: whether it is one of an item."""

    name: str
    media_type: str
    certificate: Certificate
    is_document: bool


def released(folder: Path, listed: Listed) -> bytes:
    """A file as it was approved. Raises NotReleasable if it was changed, or lacks a check."""
    file = ReleasedFile(listed.name, listed.media_type, (folder / listed.name).read_bytes(), ())
    return release(file, listed.certificate)


def zipped(folder: Path, files: Iterable[Listed]) -> Iterator[bytes]:
    """The whole release. Raises NotReleasable before the first byte of a file that was changed."""
    out = _Pieces()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as package:
        for listed in files:
            place = PLACES.get(Path(listed.name).suffix, "") if listed.is_document else ""
            package.writestr(_entry(f"{place}/{listed.name}" if place else listed.name), released(folder, listed))
            yield out.taken()
        package.writestr(_entry(SIGNATURE), (folder / SIGNATURE).read_bytes())
        package.writestr(_entry(PROGRAM), program())
        yield out.taken()
    yield out.taken()


def program() -> bytes:
    """The program that verifies a release."""
    return Path(verify_production.__file__).read_bytes()


def _entry(path: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(path, _MOMENT)
    info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o100644 << 16
    return info


class _Pieces(RawIOBase):
    """A file that only grows; what was written is taken away."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes | bytearray | memoryview) -> int:  # type: ignore[override]  # zipfile writes these alone
        self._written.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        piece = b"".join(self._written)
        self._written.clear()
        return piece
