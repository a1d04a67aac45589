"""Extract text from a file: detect its kind, call the reader of that kind, and do the same for the members of containers."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from civicmail.core.sandbox import sniff
from civicmail.core.sandbox.budget import SECONDS, Budget
from civicmail.core.sandbox.errors import DAMAGED, TOO_MUCH_MEMORY, TYPE_UNKNOWN, Spent, Unreadable
from civicmail.core.sandbox.extraction import Extraction, Output

Reader = Callable[[bytes, Extraction], None]

READERS: dict[sniff.Kind, str] = {
    "pdf": "pdf",
    "zip": "zip_file",
    "7z": "sevenzip",
    "tar": "tar_file",
    "gzip": "tar_file",
    "bzip2": "tar_file",
    "xz": "tar_file",
    "zstd": "tar_file",
    "ole": "ole",
    "rtf": "rtf_file",
    "html": "text_files",
    "letter": "text_files",
    "text": "text_files",
    "picture": "pictures",
}
"""Kind -> module of this room with a function read(); imported when the first file of the kind comes."""

FREQUENT = ("text_files", "zip_file", "pictures")
"""Modules that are there before a process gives up its rights: what they read at import is not theirs afterwards."""

SILENT = frozenset({"nothing", "empty"})


def read(
    content: bytes, out: Output, *, seconds: float = SECONDS, pictures: bool = False, careful: bool = False, cells: bool = True
) -> None:
    """Write all text of the file to `out`, and what cannot be read. Raises nothing."""
    extraction = Extraction(out, Budget(len(content), seconds), _inside, pictures=pictures, careful=careful, cells=cells)
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
    kind = sniff.detect(content)
    if kind in SILENT:
        return
    try:
        if kind not in READERS:
            raise Unreadable(TYPE_UNKNOWN)
        reader: Reader = import_module(f"civicmail.core.sandbox.{READERS[kind]}").read
        reader(content, extraction)
    except Spent:
        raise
    except Unreadable as error:
        extraction.unreadable(error.why)
    except MemoryError:
        extraction.unreadable(TOO_MUCH_MEMORY)
    except Exception:  # noqa: BLE001 - readers of other people raise what they like at broken files
        extraction.unreadable(DAMAGED)
