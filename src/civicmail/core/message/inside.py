"""What lies inside parts without being MIME: uuencoded files, TNEF, opaque signatures, lines in headers; and what is sealed there.

Each becomes a node behind the part that it lies in, with the range of that part and its content ready, so that every reader of
parts sees it like any other attachment.
"""

from __future__ import annotations

import mimetypes
import re

from . import block, cms, defects, limits, mapi, rebuild, tnef, uublocks
from .block import Block, Buffer
from .mapi import Item
from .shapes import STRAY, Defect
from .tree import Budget, Node, content

_TNEF = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_SMIME = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_RIGHTS = frozenset({"application/x-microsoft-rpmsg-message"})
_BEGINS = re.compile(rb"\nbegin[ \t]+[0-7]{3}")
_PGP = re.compile(rb"(?:\A|(?<=\n))-----BEGIN PGP MESSAGE-----\r?\n")
_TYPES = mimetypes.MimeTypes(filenames=())


def opened(raw: Buffer, nodes: list[Node], budget: Budget, found: list[Defect]) -> tuple[list[Node], int]:
    """The nodes with those that lie inside them, in document order, and how many parts are sealed: encrypted, or a piece only."""
    out: list[Node] = []
    sealed = 0
    in_pgp = False
    begins = _BEGINS.search(raw) is not None
    pgp = raw.find(b"\n-----BEGIN PGP MESSAGE-----") >= 0
    for node in nodes:
        out.append(node)
        kind = node.content_type
        inside: list[Node] = []
        if kind.startswith("text/"):
            if kind == "text/plain" and not node.container:
                if begins or node.encoding == "base64":
                    inside = _uuencoded(raw, node, budget, found)
                if pgp and _PGP.search(content(raw, node, found)):
                    sealed += _sealed(defects.OPENPGP_ENCRYPTED, node, found)
        elif kind in _TNEF or (node.filename.lower() == "winmail.dat" and not node.container):
            inside = _tnef(raw, node, budget, found)
        elif kind in _SMIME:
            inside, closed = _smime(raw, node, budget, found)
            sealed += closed
        elif kind == "message/partial":
            sealed += _sealed(defects.PARTIAL, node, found)
        elif kind in _RIGHTS:
            sealed += _sealed(defects.RIGHTS_ENCRYPTED, node, found)
        elif kind in ("multipart/encrypted", "application/pgp-encrypted") and not in_pgp:
            in_pgp = True
            sealed += _sealed(defects.OPENPGP_ENCRYPTED, node, found)
        out += inside
    if any(defect.code == defects.HEADER_LINE for defect in found):
        out += _stray(nodes)
    return out, sealed


def _stray(nodes: list[Node]) -> list[Node]:
    """The lines of all header blocks that are no fields, as a part of their own: no reader of parts misses a word of them."""
    lines = b"\n".join([lines for node in nodes if (lines := block.stray(node.block.data))])
    if not lines:
        return []
    at = nodes[0].block.start
    nothing = Block(at, at, at, b"\n", {})
    return [Node(STRAY, nodes[0].depth, nothing, "text/plain", {}, "inline", "", "", at, at, content=lines, stray=True)]


def _sealed(code: str, node: Node, found: list[Defect]) -> int:
    found.append(Defect(code, node.start, node.path))
    return 1


def _derived(host: Node, number: int, kind: str, filename: str, data: bytes, budget: Budget, shown: bool = False) -> Node:
    """A node inside a part. shown: text that belongs to the message itself."""
    budget.parts -= 1
    nothing = Block(host.start, host.start, host.start, b"\n", {})
    path, depth = f"{host.path}.{number}", host.depth + 1
    parameters = {"charset": "utf-8"} if shown else {}
    disposition = "inline" if shown else "attachment"
    return Node(path, depth, nothing, kind, parameters, disposition, filename, "", host.start, host.end, content=data)


def type_of(filename: str, declared: str = "") -> str:
    """The media type that a file name stands for."""
    return declared.lower() or _TYPES.guess_type(filename)[0] or "application/octet-stream"


def _room(budget: Budget, size: int) -> bool:
    """Whether the message may still spend this many bytes and a part."""
    if budget.parts <= 0 or size > budget.child_bytes:
        return False
    budget.child_bytes -= size
    return True


def _uuencoded(raw: Buffer, node: Node, budget: Budget, found: list[Defect]) -> list[Node]:
    text = content(raw, node, found)
    if b"begin " not in text:
        return []
    out: list[Node] = []
    cuts: list[tuple[int, int]] = []
    for one in uublocks.blocks(text):
        if not _room(budget, len(one.content)):
            found.append(Defect(defects.PARTS_LIMIT, node.start, node.path))
            break
        name = one.name.decode("utf-8", "replace").replace("\\", "/").rpartition("/")[2]
        out.append(_derived(node, len(out) + 1, type_of(name), name, one.content, budget))
        cuts.append((one.start, one.end))
    node.cuts = tuple(cuts)
    return out


def _tnef(raw: Buffer, node: Node, budget: Budget, found: list[Defect]) -> list[Node]:
    data = content(raw, node, found)
    if not data.startswith(tnef.SIGNATURE):
        if node.content_type in _TNEF:
            found.append(Defect(defects.TNEF_BROKEN, node.start, node.path))
        return []
    item = tnef.read(data)
    if item.broken:
        found.append(Defect(defects.TNEF_BROKEN, node.start, item.broken))
    out: list[Node] = []
    kind, words = _body(item)
    if words and _room(budget, len(words)):
        out.append(_derived(node, 1, kind, "", words, budget, shown=True))
    for kind, data in rebuild.made(item):
        if _room(budget, len(data)):
            out.append(_derived(node, len(out) + 1, kind.partition(";")[0], "", data, budget, shown=True))
    for attachment in item.attachments[: limits.DERIVED]:
        data, kind = attachment.content, type_of(attachment.filename, mapi.text(attachment.properties, mapi.MIME_TYPE))
        if attachment.item is not None:
            data, kind = rebuild.message(attachment.item), "message/rfc822"
        if not _room(budget, len(data)):
            found.append(Defect(defects.PARTS_LIMIT, node.start, node.path))
            break
        out.append(_derived(node, len(out) + 1, kind, attachment.filename, data, budget))
    node.container = bool(out)  # what is in it stands for it
    return out


def _body(item: Item) -> tuple[str, bytes]:
    """The text of an item, HTML first: the parts beside a winmail.dat have the plain text, if any."""
    plain, page = rebuild.bodies(item)
    return ("text/html", page) if page else ("text/plain", plain)


def _smime(raw: Buffer, node: Node, budget: Budget, found: list[Defect]) -> tuple[list[Node], int]:
    kind = node.parameters.get("smime-type", "").lower()
    if kind == "certs-only":
        return [], 0
    data = content(raw, node, found)
    signed = cms.signed_content(data)
    if signed is not None and _room(budget, len(signed)):
        node.container = True
        return [_derived(node, 1, "message/rfc822", "", signed, budget)], 0
    code = defects.SMIME_BROKEN if kind == "signed-data" else defects.SMIME_ENCRYPTED
    return [], _sealed(code, node, found)
