"""Text of archives, member by member (core/archives)."""

from __future__ import annotations

from io import BytesIO

from civicmail.core.archives.archive import Archive, open_archive
from civicmail.core.archives.errors import TYPE_UNKNOWN, Unreadable
from civicmail.core.archives.zip_archive import ZipArchive
from civicmail.core.filetype.identify import identify
from civicmail.core.sandbox import office_xml
from civicmail.core.sandbox.extraction import Extraction


def read(content: bytes, extraction: Extraction) -> None:
    file_type = identify(content)
    if file_type.name != "zip":
        with open_archive(content, file_type.name, extraction.budget) as archive:
            _read_members(archive, extraction)
        return
    with ZipArchive(BytesIO(content), extraction.budget) as archive:
        label = archive.file_type().label
        if label in office_xml.LABELS:
            office_xml.read(label, archive, content, extraction)
        else:
            _read_members(archive, extraction)


def _read_members(archive: Archive, extraction: Extraction) -> None:
    """Read all members; of an archive that is not unpacked, their names. Raises Unreadable."""
    for member in archive.members():
        if archive.has_contents:
            extraction.read_member(archive, member)
        else:
            extraction.member(member.name)
    if not archive.has_contents:
        raise Unreadable(TYPE_UNKNOWN)
