"""Compare the objects of a released PDF with the list of those that it may have (pdf_roles.py). Only sandboxed processes import it.

A PDF that was derived has one revision, no object that nothing uses, no byte between its objects, and pages that are either text or
one picture. So nothing of an original can be in it beside what is shown.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pikepdf

from civicmail.core.redaction.inspection import MAX_FINDINGS, Finding, Inspection, InspectPdf, Part
from civicmail.core.redaction.pdf_layout import layout_problem
from civicmail.core.redaction.pdf_roles import (
    ANY,
    FONTS,
    NAMES,
    NAMESPACES,
    PARAMETERS,
    PICTURE_FILTERS,
    REFUSED,
    ROLES,
    SHOWN_AS_PICTURE,
    SHOWN_AS_TEXT,
    STREAM_FILTERS,
    VISIBLE,
)
from civicmail.core.sandbox.errors import DAMAGED, ENCRYPTED, Unreadable

_MAX_OBJECTS = 500_000
_NAMESPACE = re.compile(rb"xmlns(?::[\w.-]+)?\s*=\s*[\"']([^\"']*)[\"']")
_RESOURCE = re.compile(r"/[A-Za-z]{1,4}\d{1,5}")
_MARKUP = re.compile(rb"xmlns:\w+=\"[^\"]*\"|</?[\w:.-]+|<[0-9A-Fa-f\s]*>")
"""Of metadata what is neither text nor the value of an attribute; of a character map the numbers of letters."""
_TEXT_STREAMS = ("metadata", "profile", "cmap")
_MARKED = frozenset({"/MCID", "/Type", "/Subtype", "/Lang", "/ActualText", "/Alt", "/E", "/Attached", "/BBox"})


def inspect_pdf(content: bytes, _request: InspectPdf) -> Inspection:
    """What is not on the lists, and the strings of all objects."""
    try:
        with pikepdf.open(BytesIO(content), inherit_page_attributes=False) as pdf:
            if pdf.is_encrypted:
                raise Unreadable(ENCRYPTED)
            objects = _Objects(pdf)
            findings = [Finding(code) for code in objects.inspect(content)]
            pages = [_Page(page) for page in pdf.pages]
            for number, page in enumerate(pages, 1):
                findings += [Finding(code, number) for code in page.problems()]
                objects.strings += page.strings
            return Inspection(
                list(dict.fromkeys(findings))[:MAX_FINDINGS],
                other=[Part("an object of the PDF", "\n".join(objects.strings))],
                pages=len(pages),
                has_pictures=any(page.is_picture for page in pages),
            )
    except pikepdf.PasswordError:
        raise Unreadable(ENCRYPTED) from None
    except pikepdf.PdfError:
        raise Unreadable(DAMAGED) from None


class _Objects:
    """A walk over all objects from the trailer, each in its role."""

    def __init__(self, pdf: pikepdf.Pdf) -> None:
        self._pdf = pdf
        self._seen: set[tuple[tuple[int, int], str]] = set()
        self.strings: list[str] = []

    def inspect(self, content: bytes) -> Iterator[str]:
        """Codes of what is not on the list."""
        yield from self._walk()
        used = {number for number, _ in self._seen}
        existing = {obj.objgen for obj in self._pdf.objects if isinstance(obj, pikepdf.Object)}
        if existing - used:
            yield "unused-objects"
        if problem := layout_problem(content, self._pdf):
            yield problem
        if self._pdf.get_warnings():
            yield "irregular-file"

    def _walk(self) -> Iterator[str]:
        waiting: list[tuple[Any, str]] = [(self._pdf.trailer, "trailer")]
        count = 0
        while waiting:
            value, role = waiting.pop()
            count += 1
            if count > _MAX_OBJECTS:
                yield "unlisted-object"
                return
            if isinstance(value, pikepdf.Object) and value.is_indirect:
                if (value.objgen, role) in self._seen:
                    continue
                self._seen.add((value.objgen, role))
            yield from self._one(value, role, waiting)

    def _one(self, value: Any, role: str, waiting: list[tuple[Any, str]]) -> Iterator[str]:
        """Check one value, and queue what is in it."""
        if isinstance(value, pikepdf.String):
            self.strings += [str(value), bytes(value).decode("latin-1")]
        elif isinstance(value, pikepdf.Name):
            self.strings += [] if str(value) in NAMES else [str(value)]
        elif isinstance(value, pikepdf.Array):
            waiting += [(item, _item_role(role, number)) for number, item in enumerate(value)]
        elif isinstance(value, pikepdf.Stream):
            yield from self._dictionary(value.stream_dict, role, waiting)
            yield from self._stream(value, role)
        elif isinstance(value, pikepdf.Dictionary):
            yield from self._dictionary(value, role, waiting)

    def _dictionary(self, value: pikepdf.Object, role: str, waiting: list[tuple[Any, str]]) -> Iterator[str]:
        role = _role_of(value, role)
        if role.startswith("{"):
            self.strings += [key for key, _ in value.items() if key not in NAMES and not _RESOURCE.fullmatch(key)]
            waiting += [(item, role[1:-1]) for _, item in value.items()]
            return
        if role == ANY and list(value.keys()):
            waiting += [(item, ANY) for _, item in value.items()]
            if not set(value.keys()) <= PARAMETERS:
                yield "unlisted-object"
            return
        for key, item in value.items():
            if key not in ROLES[role]:
                yield REFUSED.get(key, "unlisted-object")
                continue
            waiting.append((item, ROLES[role][key]))
        yield from _values(value, role)

    def _stream(self, stream: pikepdf.Stream, role: str) -> Iterator[str]:
        filters = _filters(stream)
        if not set(filters) <= (PICTURE_FILTERS if role == "picture" else STREAM_FILTERS):
            yield "unlisted-encoding"
            return
        raw = stream.read_raw_bytes()
        if filters and (problem := _hidden_behind(raw, filters[0])):
            yield problem
        if role in _TEXT_STREAMS:
            data = _MARKUP.sub(b" ", stream.read_bytes())
            self.strings += [data.decode("utf-8", "replace"), data.decode("utf-16-be", "replace")]
        if role == "metadata" and not {found.decode("latin-1") for found in _NAMESPACE.findall(stream.read_bytes())} <= NAMESPACES:
            yield "foreign-metadata"


class _Page:
    """The content of a page: text, or one picture with invisible text."""

    def __init__(self, page: pikepdf.Page) -> None:
        self._page = page
        self.strings: list[str] = []
        self._resources = page.obj.get("/Resources", pikepdf.Dictionary())
        self._pictures = self._resources.get("/XObject", pikepdf.Dictionary())
        self.is_picture = bool(list(self._pictures.keys()))

    def problems(self) -> Iterator[str]:
        """Codes of what the page may not have."""
        box = list(self._page.obj.get("/MediaBox", []))
        if any(list(self._page.obj.get(key, box)) != box for key in ("/CropBox", "/TrimBox", "/BleedBox", "/ArtBox")):
            yield "cropped-page"
        operators = SHOWN_AS_PICTURE if self.is_picture else SHOWN_AS_TEXT
        drawn = 0
        for instruction in pikepdf.parse_content_stream(self._page):
            if isinstance(instruction, pikepdf.ContentStreamInlineImage):
                yield "inline-picture"
                continue
            operator, operands = str(instruction.operator), list(instruction.operands)
            if operator not in operators:
                yield "drawn-over-picture" if self.is_picture else "drawn-shapes"
            drawn += operator == "Do"
            if not self.is_picture and self._is_hidden(operator, operands):
                yield "hidden-text"
            if operator == "BDC":
                yield from self._marked(operands[-1])
        if self.is_picture and (drawn != 1 or len(list(self._pictures.keys())) != 1):
            yield "several-pictures"

    def _is_hidden(self, operator: str, operands: list[Any]) -> bool:
        """Whether text behind this operator is not seen."""
        if operator == "Tr":
            return int(operands[0]) != VISIBLE
        states = self._resources.get("/ExtGState", pikepdf.Dictionary())
        return operator == "gs" and float(states.get(str(operands[0]), pikepdf.Dictionary()).get("/ca", 1)) != 1

    def _marked(self, properties: Any) -> Iterator[str]:
        if not isinstance(properties, pikepdf.Dictionary):
            yield "layers"
        elif not set(properties.keys()) <= _MARKED:
            yield "unlisted-object"
        else:
            self.strings += [str(text) for text in properties.as_dict().values() if isinstance(text, pikepdf.String)]


def _item_role(role: str, number: int) -> str:
    if role.startswith("["):
        return role[1:-1]
    return ROLES[role].get(f"/{number}", ANY) if role == "colors" else role


def _role_of(value: pikepdf.Object, role: str) -> str:
    """The role of a dictionary that may have one of several."""
    role = role.strip("[]")
    if "|" not in role:
        return role
    kind = {"/Pages": "pages", "/Page": "page", "/Outlines": "outlines", "/StructTreeRoot": "tags"}.get(str(value.get("/Type")))
    if kind in role.split("|"):
        return str(kind)
    return role.split("|")[-1]


def _values(value: pikepdf.Object, role: str) -> Iterator[str]:
    """Codes of values that are not allowed where the entry is."""
    if role == "font" and str(value.get("/Subtype")) not in FONTS:
        yield "drawn-letters"
    elif role == "picture" and str(value.get("/Subtype")) != "/Image":
        yield "drawn-forms"
    elif role == "state" and not _is_opaque(value):
        yield "translucent"


def _is_opaque(state: pikepdf.Object) -> bool:
    """Whether what is drawn in this state covers what is below, or is not seen at all."""
    names = (str(state.get("/BM", "/Normal")), str(state.get("/SMask", "/None")))
    return {float(state.get(key, 1)) for key in ("/ca", "/CA")} <= {0, 1} and names == ("/Normal", "/None")


def _filters(stream: pikepdf.Stream) -> list[str]:
    named = stream.stream_dict.get("/Filter")
    return [] if named is None else [str(name) for name in named] if isinstance(named, pikepdf.Array) else [str(named)]


def _hidden_behind(raw: bytes, name: str) -> str:
    """The code of what lies behind the end of compressed data, or beside a picture in it; "" where there is nothing."""
    if name == "/FlateDecode":
        inflate = zlib.decompressobj()
        inflate.decompress(raw)
        return "hidden-bytes" if inflate.unused_data.strip(b"\r\n") or not inflate.eof else ""
    return _in_jpeg(raw) if name == "/DCTDecode" else ""


def _in_jpeg(raw: bytes) -> str:
    """The code of metadata or further bytes in a JPEG (ITU-T T.81, annex B); "" where it is a picture alone."""
    at = 2
    while raw[at : at + 1] == b"\xff" and at + 4 <= len(raw):
        marker, length = raw[at + 1], int.from_bytes(raw[at + 2 : at + 4], "big")
        segment = raw[at + 4 : at + 2 + length]
        is_plain = marker in (0xC0, 0xC1, 0xC2, 0xC4, 0xDB, 0xDD, 0xDA)
        is_frame = (marker == 0xE0 and segment[:5] == b"JFIF\0" and length == 16) or (marker == 0xEE and segment[:5] == b"Adobe")
        if not (is_plain or is_frame):
            return "picture-metadata"
        at += 2 + length
        if marker == 0xDA:
            end = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]").search(raw, at)
            while end and raw[end.start() + 1] in (0xDA, 0xC4, 0xDB):  # a further scan of a progressive picture
                at = end.start()
                at += 2 + int.from_bytes(raw[at + 2 : at + 4], "big")
                end = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]").search(raw, at)
            return "" if end and raw[end.start() + 1] == 0xD9 and not raw[end.end() :].strip(b"\r\n") else "hidden-bytes"
    return "hidden-bytes"
