"""Whether every byte of a PDF belongs to an object, and its one table lists these objects where they are.

An incremental update, a comment, or an old copy of an object that no table lists is read by nobody but who looks for it.
Released PDFs have a plain table (ISO 32000-1, 7.5.4), so that this can be seen. Only sandboxed processes import it.
"""

from __future__ import annotations

import re

import pikepdf

_HEAD = re.compile(rb"[%]PDF-[12]\.[0-9][ ]?\r?\n(?:%[\x80-\xff]{4,8}\r?\n)?\s*")
_OBJECT = re.compile(rb"(\d{1,10}) (\d{1,5}) obj\b")
_STREAM = re.compile(rb"stream\r?\n")
_STREAM_END = re.compile(rb"\s{0,2}endstream\s{1,2}endobj\s*")
_OBJECT_END = re.compile(rb"\bendobj\s*|(?<=[\])>])endobj\s*")
_TABLE = re.compile(
    rb"xref\s+((?:\d+ \d+\s+(?:\d{10} \d{5} [nf]\s{1,2})*)+)trailer\s*(<<.*?>>)\s*startxref\s+\d+\s+%%EOF\s*\Z", re.DOTALL
)
_SECTION = re.compile(rb"(\d+) (\d+)\s+((?:\d{10} \d{5} [nf]\s{1,2})*)")
_STRING = re.compile(rb"\((?:\\.|[^\\()])*\)", re.DOTALL)

Number = tuple[int, int]
"""Of an object: its number and generation."""


def layout_problem(content: bytes, pdf: pikepdf.Pdf) -> str:
    """The code of what is between objects, behind the end, or in no table; "" where there is nothing."""
    head = _HEAD.match(content)
    if head is None:
        return "hidden-bytes"
    at, places = head.end(), dict[Number, int]()
    while found := _OBJECT.match(content, at):
        number = int(found[1]), int(found[2])
        if number in places:
            return "old-revisions"
        places[number] = at
        at = _end_of(content, found.end(), pdf, number)
        if at < 0:
            return "hidden-bytes"
    table = _TABLE.match(content, at)
    if table is None:
        return "old-revisions" if content.count(b"startxref") > 1 else "hidden-bytes"
    if _has_comment(table[2]) or _listed(table[1]) != places:
        return "hidden-bytes"
    return ""


def _listed(table: bytes) -> dict[Number, int]:
    """Where a table says that objects are."""
    listed = {}
    for section in _SECTION.finditer(table):
        for number, entry in enumerate(re.findall(rb"(\d{10}) (\d{5}) ([nf])", section[3]), int(section[1])):
            if entry[2] == b"n":
                listed[number, int(entry[1])] = int(entry[0])
    return listed


def _end_of(content: bytes, at: int, pdf: pikepdf.Pdf, number: Number) -> int:
    """Where the next object begins; -1 where this one has more in it than its value."""
    value = pdf.get_object(number)
    if isinstance(value, pikepdf.Stream) and (size := value.stream_dict.get("/Length")) is not None:
        for begin in _STREAM.finditer(content, at):
            if end := _STREAM_END.match(content, begin.end() + int(size)):
                return -1 if _has_comment(content[at : begin.start()]) else end.end()
        return -1
    end = _OBJECT_END.search(content, at)
    return -1 if end is None or _has_comment(content[at : end.start()]) else end.end()


def _has_comment(dictionary: bytes) -> bool:
    return b"%" in _STRING.sub(b"", dictionary)
