"""7z archives by py7zr, if the sizes in the header are within the limits."""

from __future__ import annotations

from io import BytesIO

import py7zr
from py7zr.exceptions import ArchiveError, PasswordRequired, UnsupportedCompressionMethodError
from py7zr.io import BytesIOFactory

from civicmail.core.sandbox.budget import MEMBER
from civicmail.core.sandbox.errors import DAMAGED, ENCRYPTED, TYPE_UNKNOWN, Spent, Unreadable
from civicmail.core.sandbox.extraction import Extraction


def read(content: bytes, extraction: Extraction) -> None:
    try:
        with py7zr.SevenZipFile(BytesIO(content)) as archive:
            if archive.needs_password():
                raise Unreadable(ENCRYPTED)
            for info in archive.list():
                extraction.budget.expand(info.uncompressed or 0)
            held = BytesIOFactory(MEMBER)
            archive.extract(factory=held)
    except PasswordRequired:
        raise Unreadable(ENCRYPTED) from None
    except UnsupportedCompressionMethodError:
        raise Unreadable(TYPE_UNKNOWN) from None
    except ArchiveError:
        raise Unreadable(DAMAGED) from None
    for name, file in held.products.items():
        file.seek(0)
        try:
            extraction.open(name, file.read())
        except Spent:
            raise
        except Unreadable as error:
            extraction.out.unreadable(f"{extraction.path}/{name}", error.why)
