"""Produced documents with everything that breaks lists."""

from __future__ import annotations

from civicmail.desk.records.production.documents import Made, ProducedDocument

NUMBER = "PR-2026-00041"
NASTY = (
    '=HYPERLINK("http://evil.example","x")',
    "+1 414 555 0100",
    "-2+3",
    "@SUM(A1)",
    "\ttab",
    'a "quoted", comma',
    "þorn and ® and \x14 and \x0b",
    "two\nlines\r\nand more",
    "]]> & <tag> \x00\ufffe",
    "Ünïcode 漢字 🏛",
)


def files(first: str, *kinds: str) -> dict[str, Made]:
    ends = {"pdf": "pdf", "text": "txt", "eml": "eml", "csv": "csv"}
    return {kind: Made(kind, f"{first}.{ends[kind]}", 1000 + n, f"{n:064x}") for n, kind in enumerate(kinds)}


def images(first: int, count: int = 1) -> tuple[Made, ...]:
    return tuple(Made("images", f"{NUMBER}-{page:06}.tif", 100, f"{page:064x}") for page in range(first, first + count))


def documents() -> list[ProducedDocument]:
    """A message with a file, and one message for each nasty text."""
    made = [
        ProducedDocument(
            1, 0, f"{NUMBER}-000001", f"{NUMBER}-000003", 3, "message/rfc822", True,
            {"From": "a@city.example", "To": "b@city.example", "Subject": "Pipes", "Date": "Tue, 1 Dec 2026 09:00:00 -0600"},
            ("19.36(5)", "19.36(13)"), (1, 2), ("a@city.example", "b@city.example"), (9,),
            files(f"{NUMBER}-000001", "pdf", "eml", "text"), images(1, 3),
        ),
        ProducedDocument(
            2, 1, f"{NUMBER}-000004", f"{NUMBER}-000004", 1, "text/csv", False, files=files(f"{NUMBER}-000004", "pdf", "csv"),
            images=images(4),
        ),
    ]  # fmt: skip
    for n, text in enumerate(NASTY, 5):
        page = f"{NUMBER}-{n:06}"
        header = dict.fromkeys(("From", "To", "Cc", "Subject", "Date"), text)
        made.append(
            ProducedDocument(
                n, 0, page, page, 1, "message/rfc822", False, header, holders=(text,), files=files(page, "pdf"), images=images(n)
            )
        )
    return made
