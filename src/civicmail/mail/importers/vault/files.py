"""Read the files beside the mail of an export piece by piece: memory use does not depend on their size."""

from __future__ import annotations

import csv
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from typing import IO

_MAX_LINE = 1 << 20
_BOMS = (b"\xff\xfe", b"\xfe\xff")
UTF_16 = "it is in UTF-16; save it as UTF-8"


class Unreadable(Exception):
    """No part of a file is usable; the message is the reason, as the end of a sentence."""


@contextmanager
def reading(path: str) -> Iterator[BufferedReader]:
    """A regular file, never what a link leads to. Raises Unreadable."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError as error:
        raise Unreadable(f"it cannot be opened: {error.strerror}") from None
    with open(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise Unreadable("it is no regular file")
        try:
            yield file
        except OSError as error:
            raise Unreadable(f"it cannot be read: {error.strerror}") from None


def lines(file: IO[bytes]) -> Iterator[str]:
    """The lines of a text, each in UTF-8 or else in the code page of Western Windows. A line without end comes in pieces."""
    first = True
    while line := file.readline(_MAX_LINE):
        if first and line.startswith(_BOMS):
            raise Unreadable(UTF_16)
        text = _text(line.removeprefix(b"\xef\xbb\xbf") if first else line)
        first = False
        yield text


def rows(file: IO[bytes]) -> Iterator[tuple[int, dict[str, str] | None]]:
    """(line, cells by the name of their column in lower case) of each row of a table with a head; None for a row that is broken."""
    source = lines(file)
    head = next(source, "")
    separator = max(",;\t", key=head.count)
    columns = [name.strip().lower() for name in next(csv.reader([head], delimiter=separator), [])]
    reader = csv.reader(source, delimiter=separator)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield reader.line_num + 1, None
            continue
        if any(cell.strip() for cell in cells):
            whole = len(cells) >= len(columns)
            yield reader.line_num + 1, dict(zip(columns, cells, strict=False)) if whole else None


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")
