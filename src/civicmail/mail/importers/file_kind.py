"""Classify a file by its name and first bytes: one message, an mbox, a container, or no mail, with the reason. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from civicmail.core.filetype.identify import binary_type

HEAD_BYTES = 65_536  # bytes that are read from the beginning

_MAIL_SUFFIX = (".eml", ".mht", ".mhtml")
_HEADER = re.compile(rb"[\x21-\x39\x3b-\x7e]+[ \t]*:")
_SURE = re.compile(
    rb"(?im)^(?:from|date|received|message-id|return-path|mime-version|delivered-to|x-original-to|resent-from|x-mailer"
    rb"|dkim-signature|x-from|envelope-to)[ \t]*:"
)
_LIKELY = re.compile(rb"(?im)^(to|cc|bcc|subject|reply-to|sender|content-type|content-transfer-encoding|references)[ \t]*:")
_EMPTY_LINE = re.compile(rb"\n\r?\n|\r\r")
_FOREIGN = {
    "7z": "it is a 7z archive; unpack it first",
    "rar": "it is a RAR archive; unpack it first",
    "pdf": "it is a PDF",
    **dict.fromkeys(("png", "jpg", "gif"), "it is a picture"),
}
_PACKED = frozenset({"gz", "bz2", "xz", "tar"})
_DOCUMENT = (b"[Content_Types].xml", b"mimetype", b"_rels/", b"META-INF/", b"word/", b"xl/", b"ppt/", b"docProps/", b"AndroidMan")
_DOCUMENT_SUFFIX = (".docx", ".docm", ".xlsx", ".xlsm", ".pptx", ".pptm", ".odt", ".ods", ".odp", ".jar", ".epub", ".apk")
_OLE_SUFFIX = (".doc", ".xls", ".ppt", ".dot", ".xlt", ".pps", ".vsd", ".mpp", ".msi", ".pub", ".db")
ITEM_SUFFIX = (".msg", ".oft", ".tnef")


@dataclass(frozen=True, slots=True)
class FileKind:
    """is_: message, mbox, store (an Outlook data file), item (MSG, TNEF), archive, other; why: for other, the reason as the end
    of a sentence; mail: it would be mail, so that it has failed."""

    is_: Literal["message", "mbox", "store", "item", "archive", "other"]
    why: str = ""
    mail: bool = False


_MESSAGE = FileKind("message")
_MBOX = FileKind("mbox")


def classify(name: str, head: bytes, *, named: bool = False) -> FileKind:
    """The kind of a file by its name and beginning. named: a person named this very file, so in doubt it is a message.

    A file whose name ends in .eml is one message whatever its bytes are; a "From " line is then part of it.
    """
    if not head:
        return FileKind("other", "it is empty")
    file_type = _binary_type(head)
    if file_type in _FOREIGN:
        return FileKind("other", _FOREIGN[file_type])
    if name.lower().endswith(_MAIL_SUFFIX):
        return _MESSAGE
    if (held := _container(name.lower(), head, file_type)) is not None:
        return held
    if head.startswith(b"From "):
        return _MBOX
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    if _HEADER.match(start) and _has_mail_headers(start):
        return _MESSAGE
    if named and b"\0" not in head:
        return _MESSAGE
    return FileKind("other", "it does not begin with the headers of a message")


def may_hold(head: bytes) -> bool:
    """Whether a file with this beginning contains other messages or files, so that it is not read into memory."""
    return head.startswith(b"From ") or _binary_type(head) in {"pst", "zip", *_PACKED}


def _binary_type(head: bytes) -> str:
    file_type = binary_type(head)
    return file_type.name if file_type is not None else ""


def _container(name: str, head: bytes, file_type: str) -> FileKind | None:
    if file_type == "pst":
        return FileKind("store")
    if file_type in {"ole", "tnef"}:
        return FileKind("other", "it is an Office document or another OLE file") if name.endswith(_OLE_SUFFIX) else FileKind("item")
    if file_type == "zip":
        document = name.endswith(_DOCUMENT_SUFFIX) or head[30 : 30 + 24].startswith(_DOCUMENT)
        if name.endswith(".olm"):
            return FileKind(
                "other", "it is an archive of Outlook for Mac (OLM), which cannot be read; export it as mbox", mail=True
            )
        return (
            FileKind("other", "it is an Office document or another ZIP file that is no archive")
            if document
            else FileKind("archive")
        )
    return FileKind("archive") if file_type in _PACKED else None


def _has_mail_headers(start: bytes) -> bool:
    end = _EMPTY_LINE.search(start)
    block = start[: end.start() + 1] if end else start
    if b"\n" not in block:
        block = block.replace(b"\r", b"\n")
    return _SURE.search(block) is not None or len({m[1].lower() for m in _LIKELY.finditer(block)}) > 1
