"""Extract text from a file: detect its kind, call the reader of that kind, and do the same for the members of containers."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from civicmail.core.archives.budget import Budget, Limits
from civicmail.core.archives.errors import DAMAGED, TOO_MUCH_MEMORY, TYPE_UNKNOWN, Spent, Unreadable
from civicmail.core.filetype.identify import identify
from civicmail.core.filetype.types import Reading
from civicmail.core.sandbox.extraction import Extraction, Output

Reader = Callable[[bytes, Extraction], None]

READERS: dict[Reading, str] = {
    "pdf": "pdf",
    "zip": "archive_members",
    "archive": "archive_members",
    "ole": "ole",
    "rtf": "rtf_file",
    "html": "text_files",
    "letter": "text_files",
    "text": "text_files",
    "picture": "pictures",
}
"""Reading -> module of this room with a function read(); imported when the first file of the kind comes."""

FREQUENT = ("text_files", "archive_members", "pictures")
"""Modules that are imported before a process drops its privileges, because it cannot read their files afterwards."""

SILENT = frozenset({"nothing", "empty"})

SECONDS = 20
"""Processor time for a whole file; a report of 5,000 pages takes three seconds. Waiting on a busy machine does not count."""

TEXT_RATIO = 200
"""Characters that come of one byte of the file: packed logs come to 50, what is beyond is made by repetition."""

TEXT_FREE, TEXT_MOST = 16 << 20, 256 << 20
"""Characters of text that any file may have, and the maximum for a file: the latter is the limit of the index."""

MEMBERS = 10_000


def limits(size: int) -> Limits:
    """For a file of so many bytes. The text of an honest file is never cut. Deflate ends at a ratio of 1,032."""
    characters = min(TEXT_MOST, max(TEXT_FREE, TEXT_RATIO * size))
    return Limits(
        seconds=SECONDS, depth=8, members=MEMBERS, member=256 << 20, expanded=2 << 30, ratio=1000, ratio_free=16 << 20,
        characters=characters,
    )  # fmt: skip


def read(
    content: bytes, out: Output, *, seconds: float = SECONDS, pictures: bool = False, careful: bool = False, cells: bool = True
) -> None:
    """Write all text of the file to `out`, and what cannot be read. Raises nothing."""
    extraction = Extraction(out, Budget(limits(len(content)), seconds), _inside, pictures=pictures, careful=careful, cells=cells)
    try:
        _inside(content, extraction)
    except Spent as spent:
        extraction.unreadable(spent.why)


def prepare() -> None:
    """Import the readers of the frequent kinds."""
    for module in FREQUENT:
        import_module(f"civicmail.core.sandbox.{module}")


def prepare_all() -> None:
    """Import those of all kinds."""
    for module in set(READERS.values()):
        import_module(f"civicmail.core.sandbox.{module}")


def _inside(content: bytes, extraction: Extraction) -> None:
    reading = identify(content).reading
    if reading in SILENT:
        return
    try:
        if reading not in READERS:
            raise Unreadable(TYPE_UNKNOWN)
        reader: Reader = import_module(f"civicmail.core.sandbox.{READERS[reading]}").read
        reader(content, extraction)
    except Spent:
        raise
    except Unreadable as error:
        extraction.unreadable(error.why)
    except MemoryError:
        extraction.unreadable(TOO_MUCH_MEMORY)
    except Exception:  # noqa: BLE001 - readers of other people raise what they like at broken files
        extraction.unreadable(DAMAGED)
