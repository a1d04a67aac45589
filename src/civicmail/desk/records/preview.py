"""The file that would be derived from a part now, for the reviewer's eyes: the bytes of core/redaction, which nothing else shows.

A production derives its files again, and only the gate lets them leave (core/redaction/gate.py).
"""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256
from threading import Lock
from typing import Any

from civicmail.core.redaction.picture_path import picture_pdf
from civicmail.core.redaction.shapes import Document, Redaction, ReleasedFile
from civicmail.core.redaction.sheet_path import sheet_pdf
from civicmail.core.redaction.text_path import text_pdf
from civicmail.desk.records.actions.redactions import present
from civicmail.desk.records.models import Item, Request
from civicmail.desk.records.models import Redaction as Row
from civicmail.desk.records.queries.law import pack_of

MAX_CACHED = 8
_cached: OrderedDict[Any, ReleasedFile] = OrderedDict()
_lock = Lock()


def shapes_of(request: Request, rows: list[Row]) -> tuple[Redaction, ...]:
    """Redactions with a code as core/redaction takes them, with the label of the code."""
    pack = pack_of(request)
    made = []
    for row in rows:
        if row.code:
            box = None if row.x0 is None or row.y0 is None or row.x1 is None or row.y1 is None else (row.x0, row.y0, row.x1, row.y1)
            made.append(Redaction(row.number, pack.code(row.code).label, row.first, row.last, row.page, box))
    return tuple(made)


def preview_of(request: Request, item: Item, document: Document, content: bytes) -> ReleasedFile:
    """The PDF of a part with its coded redactions. Raises NotConverted."""
    redactions = shapes_of(request, present(request, [item.content]))
    key = (sha256(content).digest(), redactions, item.number)
    with _lock:
        if key in _cached:
            return _cached[key]
    about = {
        "title": f"{request.number}, document {item.number:06}",
        "lang": request.language,
        "number": f"PREVIEW-{item.number:06}",
    }
    match document.kind:
        case "pages":
            made = picture_pdf(content, document, redactions, **about)
        case "sheet":
            made = sheet_pdf(document, redactions, **about)
        case _:
            made = text_pdf(document, redactions, **about)
    with _lock:
        _cached[key] = made
        while len(_cached) > MAX_CACHED:
            _cached.popitem(last=False)
    return made
