"""ZIP files: office documents by what they contain, all others member by member (APPNOTE 6.3)."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from io import BytesIO

from civicmail.core.sandbox import office_xml
from civicmail.core.sandbox.errors import DAMAGED, ENCRYPTED, TYPE_UNKNOWN, Spent, Unreadable
from civicmail.core.sandbox.extraction import Extraction

PIECE = 1 << 16
_ENCRYPTED = 1


def read(content: bytes, extraction: Extraction) -> None:
    try:
        archive = zipfile.ZipFile(BytesIO(content))
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, UnicodeDecodeError):
        raise Unreadable(DAMAGED) from None
    with archive:
        names = archive.namelist()
        kind = office_xml.kind(names, archive)
        if kind is not None:
            office_xml.read(kind, archive, content, extraction)
            return
        for info in archive.infolist():
            if not info.is_dir():
                one(archive, info, extraction)


def one(archive: zipfile.ZipFile, info: zipfile.ZipInfo, extraction: Extraction) -> None:
    """Read one member; an error in it ends only this member."""
    try:
        inside = extraction.member(info.filename)
        try:
            data = b"".join(pieces(archive, info, inside))
        except Spent:
            raise
        except Unreadable as error:
            inside.unreadable(error.why)
            return
        extraction.inside(data, inside)
    except Spent:
        raise
    except Unreadable as error:
        extraction.out.unreadable(f"{extraction.path}/{info.filename}", error.why)


def pieces(archive: zipfile.ZipFile, info: zipfile.ZipInfo, extraction: Extraction) -> Iterator[bytes]:
    """The content of a member a little at a time. Raises Unreadable."""
    if info.flag_bits & _ENCRYPTED:
        raise Unreadable(ENCRYPTED)
    extraction.budget.expand(info.file_size, info.compress_size)
    left = info.file_size
    try:
        with archive.open(info) as member:
            while piece := member.read(PIECE):
                left -= len(piece)
                extraction.budget.tick()
                if left < 0:
                    raise Unreadable(DAMAGED)
                yield piece
    except NotImplementedError:
        raise Unreadable(TYPE_UNKNOWN) from None
    except (zipfile.BadZipFile, OSError, EOFError, ValueError) as error:
        raise Unreadable(DAMAGED) from error
    except Exception as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(DAMAGED) from error  # zlib.error, lzma.LZMAError and others have no common root
