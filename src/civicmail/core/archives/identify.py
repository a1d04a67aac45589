"""Identify a file by its content, and a container by what it contains (core/filetype)."""

from __future__ import annotations

from io import BytesIO

from civicmail.core.archives import compound_file
from civicmail.core.archives.budget import Budget
from civicmail.core.archives.errors import Unreadable
from civicmail.core.archives.zip_archive import ZipArchive
from civicmail.core.filetype import containers
from civicmail.core.filetype import identify as by_content
from civicmail.core.filetype.types import FileType


def identify(data: bytes) -> FileType:
    """The type of a file. A damaged container has at least the type of what it begins with."""
    file_type = by_content.identify(data)
    try:
        if file_type.name == "zip":
            with ZipArchive(BytesIO(data), Budget()) as archive:
                return archive.file_type()
        if file_type.name == "ole":
            with compound_file.opened(data) as file:
                return compound_file.file_type(file)
    except Unreadable:
        if file_type.name == "ole":
            return containers.damaged_compound_type(data)
    return file_type
