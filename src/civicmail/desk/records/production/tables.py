"""The tables of a production that people open in a spreadsheet: the index, and the log of what is withheld. Pure.

No cell is ever a formula (CWE-1236). The log is made from decisions, and nobody types it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from civicmail.city.conduct.evidence_file import table
from civicmail.desk.records.production import dispositions
from civicmail.desk.records.production.documents import ProducedDocument

INDEX = ("First page", "Last page", "Pages", "Item", "Attached to", "From", "To", "Cc", "Subject", "Date", "Type", "Redacted")
INDEX_MORE = ("Codes", "Boxes", "Mailboxes", "Equal items", "PDF", "Native", "Text")
LOG = ("Item", "Attached to", "First page", "Date", "Type", "From", "To", "What", "Number", "Code", "Citation", "Reason")


@dataclass(frozen=True, slots=True)
class Withheld:
    """A line of the log: a redaction, or an item that is withheld whole. number: of the redaction, 0 for an item.

    header: fields that are not themselves withheld.
    """

    item: int
    parent: int
    media_type: str
    code: str
    citation: str
    reason: str
    number: int = 0
    first: str = ""
    header: dict[str, str] = field(default_factory=dict)


def index(documents: Iterable[ProducedDocument]) -> bytes:
    """The index as CSV, in the order of the pages."""
    return table((*INDEX, *INDEX_MORE), (_index_row(document) for document in documents))


def withholding_log(rows: Sequence[Withheld], balance: Mapping[str, int]) -> bytes:
    """The log as CSV, by item and number; its last line is the balance. Raises ValueError if a line lacks its code or reason."""
    for row in rows:
        if not (row.code and row.reason.strip()):
            raise ValueError(f"item {row.item:06} is withheld without a code or a reason")
    ordered = sorted(rows, key=lambda row: (row.parent or row.item, row.item, row.number))
    return table(LOG, [*map(_log_row, ordered), ("Balance", dispositions.equation(balance), *[""] * (len(LOG) - 2))])


def _index_row(document: ProducedDocument) -> tuple[object, ...]:
    header, files = document.header, document.files
    native = files.get("eml") or files.get("csv")
    return (
        document.first,
        document.last,
        document.pages,
        _item(document.item),
        _item(document.parent),
        *(header.get(name, "") for name in ("From", "To", "Cc", "Subject", "Date")),
        document.media_type,
        "yes" if document.is_redacted else "no",
        "; ".join(document.codes),
        "; ".join(map(str, document.boxes)),
        "; ".join(document.holders),
        "; ".join(map(_item, document.copies)),
        files["pdf"].path if "pdf" in files else "",
        native.path if native else "",
        files["text"].path if "text" in files else "",
    )


def _log_row(row: Withheld) -> tuple[object, ...]:
    header = row.header
    return (
        _item(row.item),
        _item(row.parent),
        row.first,
        *(header.get("Date", ""), row.media_type, header.get("From", ""), header.get("To", "")),
        "a part of it" if row.number else "all of it",
        row.number or "",
        row.code,
        row.citation,
        row.reason,
    )


def _item(number: int) -> str:
    return f"{number:06}" if number else ""
