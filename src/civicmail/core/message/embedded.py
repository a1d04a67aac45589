"""Content inside parts that is not MIME: files in text, pages, calendars and cards, TNEF, opaque signatures, AppleSingle; and
encrypted parts.

Each becomes a node after its surrounding part, with that part's range and its own content, so that every reader of parts sees it
like any other attachment. Text outside of all parts does, too (stray_text.py).
"""

from __future__ import annotations

import mimetypes
import re

from civicmail.core.message import (
    applesingle,
    binhex,
    calendar_files,
    cms,
    data_uris,
    defect_codes,
    limits,
    mapi,
    outlook_message,
    pasted_files,
    stray_text,
    tnef,
    transfer_encoding,
    uuencode,
    yenc,
)
from civicmail.core.message.header_block import Buffer, HeaderBlock
from civicmail.core.message.mapi import Item
from civicmail.core.message.mime_tree import Budget, Node, content
from civicmail.core.message.model import Defect

_TNEF = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_SMIME = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_RIGHTS = frozenset({"application/x-microsoft-rpmsg-message"})
_APPLE = frozenset({"application/applefile", "application/mac-binhex40", "application/mac-binhex"})
_FILES = re.compile(
    rb"\n(?:begin(?:-base64)?[ \t]+[0-7]{3}|=ybegin[ \t]|\(This file must be converted with BinHex|[A-Za-z0-9+/]{60})"
)
_PGP = re.compile(rb"(?:\A|(?<=\n))-----BEGIN PGP MESSAGE-----\r?\n")
_TYPES = mimetypes.MimeTypes(filenames=())
_PAGES_DEEP = 3
"""The maximum nesting of pages that is read, each a `data:` URI of the one around it."""


def open_embedded(raw: Buffer, nodes: list[Node], budget: Budget, defects: list[Defect]) -> tuple[list[Node], int]:
    """The nodes with those embedded in them, in document order, and how many parts are closed: encrypted, or one piece of a
    message."""
    out: list[Node] = []
    sealed = 0
    in_pgp = False
    pgp = raw.find(b"\n-----BEGIN PGP MESSAGE-----") >= 0
    for node in [*nodes, *stray_text.stray_parts(raw, nodes, defects)]:
        out.append(node)
        kind = node.content_type
        inside: list[Node] = []
        if kind.startswith("text/"):
            if not node.html and not node.container:
                inside = _in_text(raw, node, budget, defects)
                inside += _in_lines(raw, node, len(inside), budget, defects)
                if pgp and _PGP.search(content(raw, node, defects)):
                    sealed += _sealed(defect_codes.OPENPGP_ENCRYPTED, node, defects)
        elif kind in _TNEF or (node.filename.lower() == "winmail.dat" and not node.container):
            inside = _tnef(raw, node, budget, defects)
        elif kind in _SMIME:
            inside, closed = _smime(raw, node, budget, defects)
            sealed += closed
        elif kind == "message/partial":
            sealed += _sealed(defect_codes.PARTIAL, node, defects)
        elif kind in _RIGHTS:
            sealed += _sealed(defect_codes.RIGHTS_ENCRYPTED, node, defects)
        elif kind in _APPLE:
            inside = _apple(raw, node, budget, defects)
        elif kind in ("multipart/encrypted", "application/pgp-encrypted") and not in_pgp:
            in_pgp = True
            sealed += _sealed(defect_codes.OPENPGP_ENCRYPTED, node, defects)
        elif kind.startswith("multipart/") and not node.container and not node.opaque:
            inside = _coded(raw, node, budget, defects)
        elif kind in calendar_files.KINDS:
            inside = _in_lines(raw, node, 0, budget, defects)
        out += inside
        for page in [node, *inside]:
            if page.html and not page.container:
                out += _in_page(raw, page, budget, defects)
    return out, sealed


def _sealed(code: str, node: Node, defects: list[Defect]) -> int:
    defects.append(Defect(code, node.start, node.path))
    return 1


def _derived(host: Node, number: int, kind: str, filename: str, data: bytes, budget: Budget, shown: bool = False) -> Node:
    """A node inside a part. shown: text that belongs to the message itself."""
    budget.parts -= 1
    nothing = HeaderBlock(host.start, host.start, host.start, b"\n", {})
    path, depth = f"{host.path}.{number}", host.depth + 1
    parameters = {"charset": "utf-8"} if shown else {}
    disposition = "inline" if shown else "attachment"
    return Node(path, depth, nothing, kind, parameters, disposition, filename, "", host.start, host.end, content=data)


def type_of(filename: str, declared: str = "") -> str:
    """The media type of a file name."""
    return declared.lower() or _TYPES.guess_type(filename)[0] or "application/octet-stream"


def _room(budget: Budget, size: int) -> bool:
    """Whether the message has budget left for this many bytes and a part."""
    if budget.parts <= 0 or size > budget.child_bytes:
        return False
    budget.child_bytes -= size
    return True


def _in_text(raw: Buffer, node: Node, budget: Budget, defects: list[Defect]) -> list[Node]:
    """Files encoded in a text. The code of a complete one is removed from the text; an incomplete one stays, and is a file as
    well."""
    text = content(raw, node, defects)
    if _FILES.search(text) is None and _FILES.match(b"\n" + text[:100]) is None:
        return []
    coded = [(block, "") for block in (*uuencode.blocks(text), *yenc.blocks(text), *binhex.blocks(text))]
    plain = [file for file in pasted_files.blocks(text) if not any(c.whole and c.start <= file[0].start < c.end for c, _ in coded)]
    out: list[Node] = []
    cuts: list[tuple[int, int]] = []
    for block, kind in sorted([*coded, *plain], key=lambda file: file[0].start):
        if not _room(budget, len(block.content)):
            defects.append(Defect(defect_codes.PARTS_LIMIT, node.start, node.path))
            break
        name = block.name.decode("utf-8", "replace").replace("\\", "/").rpartition("/")[2]
        out.append(_derived(node, len(out) + 1, kind or type_of(name), name, block.content, budget))
        if not block.whole:
            defects.append(Defect(defect_codes.UUENCODE_BROKEN, node.start, node.path))
        elif not kind and block.start >= (cuts[-1][1] if cuts else 0):
            cuts.append((block.start, block.end))
    node.cuts = tuple(cuts)
    return out


def _in_page(raw: Buffer, page: Node, budget: Budget, defects: list[Defect], deep: int = 1) -> list[Node]:
    """Files in HTML, and files embedded in those. A picture counts as displayed, as the sender intended."""
    out: list[Node] = []
    for number, uri in enumerate(data_uris.read(content(raw, page, defects)), 1):
        if not _room(budget, len(uri.content)):
            defects.append(Defect(defect_codes.PARTS_LIMIT, page.start, page.path))
            break
        node = _derived(page, number, uri.kind, uri.name, uri.content, budget)
        if uri.charset:
            node.parameters = {"charset": uri.charset}
        if uri.kind.startswith("image/") and not uri.name:
            node.disposition = "inline"
        out.append(node)
        if node.html and deep < _PAGES_DEEP:
            out += _in_page(raw, node, budget, defects, deep + 1)
    return out


def _in_lines(raw: Buffer, node: Node, before: int, budget: Budget, defects: list[Defect]) -> list[Node]:
    """Files in an appointment or visiting card. before: number of parts already embedded in it."""
    if node.content_type not in calendar_files.KINDS:
        return []
    out: list[Node] = []
    for number, file in enumerate(calendar_files.read(content(raw, node, defects)), before + 1):
        if not _room(budget, len(file.content)):
            defects.append(Defect(defect_codes.PARTS_LIMIT, node.start, node.path))
            break
        made = _derived(node, number, type_of(file.name, file.kind), file.name, file.content, budget)
        if made.content_type.startswith("image/") and not file.name:
            made.disposition = "inline"
        out.append(made)
    return out


def _coded(raw: Buffer, node: Node, budget: Budget, defects: list[Defect]) -> list[Node]:
    """A multipart in a transfer encoding, which some programs decode though RFC 2045 6.4 forbids it: parsed as a message."""
    boundary = node.parameters.get("boundary", "").rstrip().encode("utf-8", "surrogateescape")
    if node.encoding in transfer_encoding.IDENTITY or not boundary:
        return []
    data = content(raw, node, defects)
    if b"--" + boundary not in data or not _room(budget, len(data)):
        return []
    node.container = True
    head = b"Content-Type: " + node.block.first(b"content-type").strip() + b"\r\n\r\n"
    return [_derived(node, 1, "message/rfc822", "", head + data, budget)]


def _apple(raw: Buffer, node: Node, budget: Budget, defects: list[Defect]) -> list[Node]:
    """The file inside AppleSingle replaces its wrapper, with the owner's comment."""
    data = content(raw, node, defects)
    single = applesingle.read(data)
    if single is not None:
        files = [(single.name.decode("utf-8", "replace"), single.content, "")] if single.content else []
        if single.comment:
            files.append(("", single.comment, "text/plain"))
    else:
        files = [(block.name.decode("utf-8", "replace"), block.content, "") for block in binhex.blocks(data)]
    out: list[Node] = []
    for name, file, kind in files:
        if not _room(budget, len(file)):
            defects.append(Defect(defect_codes.PARTS_LIMIT, node.start, node.path))
            break
        out.append(_derived(node, len(out) + 1, kind or type_of(name), name, file, budget))
    node.container = bool(out)
    return out


def _tnef(raw: Buffer, node: Node, budget: Budget, defects: list[Defect]) -> list[Node]:
    data = content(raw, node, defects)
    if not data.startswith(tnef.SIGNATURE):
        if node.content_type in _TNEF:
            defects.append(Defect(defect_codes.TNEF_BROKEN, node.start, node.path))
        return []
    item = tnef.read(data)
    if item.broken:
        defects.append(Defect(defect_codes.TNEF_BROKEN, node.start, item.broken))
    out: list[Node] = []
    kind, words = _body(item)
    if words and _room(budget, len(words)):
        out.append(_derived(node, 1, kind, "", words, budget, shown=True))
    for kind, data in outlook_message.made(item):
        if _room(budget, len(data)):
            out.append(_derived(node, len(out) + 1, kind.partition(";")[0], "", data, budget, shown=True))
    for attachment in item.attachments[: limits.DERIVED]:
        data, kind = attachment.content, type_of(attachment.filename, mapi.text(attachment.properties, mapi.MIME_TYPE))
        if attachment.item is not None:
            data, kind = outlook_message.message(attachment.item), "message/rfc822"
        if not _room(budget, len(data)):
            defects.append(Defect(defect_codes.PARTS_LIMIT, node.start, node.path))
            break
        out.append(_derived(node, len(out) + 1, kind, attachment.filename, data, budget))
    node.container = bool(out)  # its content replaces it
    return out


def _body(item: Item) -> tuple[str, bytes]:
    """The text of an item, HTML first: the parts beside a winmail.dat have the plain text, if any."""
    plain, page = outlook_message.bodies(item)
    return ("text/html", page) if page else ("text/plain", plain)


def _smime(raw: Buffer, node: Node, budget: Budget, defects: list[Defect]) -> tuple[list[Node], int]:
    kind = node.parameters.get("smime-type", "").lower()
    if kind == "certs-only":
        return [], 0
    data = content(raw, node, defects)
    signed = cms.signed_content(data)
    if signed is not None and _room(budget, len(signed)):
        node.container = True
        return [_derived(node, 1, "message/rfc822", "", signed, budget)], 0
    code = defect_codes.SMIME_BROKEN if kind == "signed-data" else defect_codes.SMIME_ENCRYPTED
    return [], _sealed(code, node, defects)
