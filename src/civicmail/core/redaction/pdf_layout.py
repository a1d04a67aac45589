"""Whether every byte of a PDF belongs to an object or to its one cross-reference table. Only sandboxed processes import it.

An incremental update, a comment, or an old copy of an object that no table lists would be read by nobody but who looks for it.
"""

from __future__ import annotations

import re

import pikepdf

_HEAD = re.compile(rb"[%]PDF-[12]\.[0-9][ ]?\r?\n(?:%[\x80-\xff]{4,8}\r?\n)?\s*")
_OBJECT = re.compile(rb"(\d{1,10}) (\d{1,5}) obj\b")
_STREAM = re.compile(rb"stream\r?\n")
_STREAM_END = re.compile(rb"\s{0,2}endstream\s{1,2}endobj\s*")
_OBJECT_END = re.compile(rb"\bendobj\s*|(?<=[\])>])endobj\s*")
_TABLE = re.compile(rb"xref\s[0-9nf\s]*trailer\s*(<<.*?>>)\s*(?=startxref)", re.DOTALL)
_END = re.compile(rb"startxref\s+\d+\s+%%EOF\s*\Z")
_STRING = re.compile(rb"\((?:\\.|[^\\()])*\)", re.DOTALL)


def layout_problem(content: bytes, pdf: pikepdf.Pdf) -> str:
    """The code of what is between objects or behind the end; "" where there is nothing."""
    head = _HEAD.match(content)
    if head is None:
        return "hidden-bytes"
    at = head.end()
    numbers = set()
    while found := _OBJECT.match(content, at):
        number = int(found[1]), int(found[2])
        if number in numbers:
            return "old-revisions"
        numbers.add(number)
        end = _end_of(content, found.end(), pdf, number)
        if end < 0:
            return "hidden-bytes"
        at = end
    if table := _TABLE.match(content, at):
        if b"%" in _STRING.sub(b"", table[1]):
            return "hidden-bytes"
        at = table.end()
    if _END.match(content, at):
        return ""
    return "old-revisions" if content.count(b"startxref") > 1 else "hidden-bytes"


def _end_of(content: bytes, at: int, pdf: pikepdf.Pdf, number: tuple[int, int]) -> int:
    """Where the next object begins; -1 where this one has more in it than its value."""
    value = pdf.get_object(number)
    if isinstance(value, pikepdf.Stream) and (size := value.stream_dict.get("/Length")) is not None:
        for begin in _STREAM.finditer(content, at):
            if end := _STREAM_END.match(content, begin.end() + int(size)):
                return end.end() if b"%" not in _STRING.sub(b"", content[at : begin.start()]) else -1
        return -1
    end = _OBJECT_END.search(content, at)
    if end is None or b"%" in _STRING.sub(b"", content[at : end.start()]):
        return -1
    return end.end()
