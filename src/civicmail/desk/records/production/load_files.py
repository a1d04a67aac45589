"""Load files as review programs read them: DAT (Concordance) with the fields, OPT (Opticon) with the pages. Pure.

DAT: UTF-8 with byte order mark; between fields ASCII 20, around each field þ (254), ® (174) for a line break inside of a field,
CRLF after each line, names of the fields in the first. These signs are never in a field: þ becomes "th", ® becomes "(R)".
OPT: seven columns: key, volume, path of the image of a page, Y on the first page of a document, two empty ones, number of pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath

from civicmail.desk.records.production.documents import Made, ProducedDocument, families

BETWEEN, AROUND, LINE = "\x14", "\xfe", "\xae"
SIGNS = BETWEEN + AROUND + LINE
_END = "\r\n"
_NEVER = {**{code: None for code in range(32) if code not in (10,)}, 0x7F: None, 0xFE: "th", 0xAE: "(R)", 10: LINE}
FIELDS = (
    "BEGDOC",
    "ENDDOC",
    "BEGATTACH",
    "ENDATTACH",
    "PAGES",
    "ITEM",
    "PARENT",
    "CUSTODIANS",
    "FROM",
    "TO",
    "CC",
    "SUBJECT",
    "DATE",
    "TYPE",
    "REDACTED",
    "CODES",
    "PDFPATH",
    "NATIVEPATH",
    "TEXTPATH",
)


def dat(documents: Sequence[ProducedDocument], parents: Mapping[int, str]) -> bytes:
    """The DAT file. parents: first page of each produced message, by its number."""
    ranges = families(documents)
    rows = (_row(document, ranges[document.family], parents.get(document.parent, "")) for document in documents)
    return encode([FIELDS, *rows])


def encode(rows: Iterable[Sequence[str]]) -> bytes:
    """Lines of a DAT file."""
    lines = (BETWEEN.join(f"{AROUND}{_clean(value)}{AROUND}" for value in row) + _END for row in rows)
    return "".join(("\ufeff", *lines)).encode()


def decode(content: bytes) -> list[dict[str, str]]:
    """The rows of a DAT file by field, as a review program reads them. Raises ValueError."""
    lines = content.decode("utf-8-sig").split(_END)
    if lines.pop():
        raise ValueError("the last line has no end")
    rows = []
    for line in lines:
        values = line.split(BETWEEN)
        if any(len(value) < 2 or value[0] != AROUND or value[-1] != AROUND for value in values):
            raise ValueError("a field is not between its signs")
        rows.append([value[1:-1].replace(LINE, "\n") for value in values])
    head, *rest = rows
    return [dict(zip(head, row, strict=True)) for row in rest]


def opt(documents: Iterable[ProducedDocument], volume: str) -> bytes:
    """The OPT file: a line for each page with its image."""
    lines = (
        f"{PurePath(image.name).stem},{volume},{_windows(image)},{',,,' if page else f'Y,,,{document.pages}'}{_END}"
        for document in documents
        for page, image in enumerate(document.images)
    )
    return "".join(lines).encode()


def _row(document: ProducedDocument, family: tuple[str, str], parent: str) -> tuple[str, ...]:
    header, files = document.header, document.files
    return (
        document.first,
        document.last,
        *family,
        str(document.pages),
        f"{document.item:06}",
        parent,
        "; ".join(document.holders),
        header.get("From", ""),
        header.get("To", ""),
        header.get("Cc", ""),
        header.get("Subject", ""),
        header.get("Date", ""),
        document.media_type,
        "Y" if document.is_redacted else "N",
        "; ".join(document.codes),
        _windows(files.get("pdf")),
        _windows(files.get("eml") or files.get("csv")),
        _windows(files.get("text")),
    )


def _windows(file: Made | None) -> str:
    """The path of a file as load files have it."""
    return file.path.replace("/", "\\") if file else ""


def _clean(value: str) -> str:
    return value.replace("\r\n", "\n").replace("\r", "\n").translate(_NEVER)
