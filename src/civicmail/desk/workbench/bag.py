"""A bag for an archive elsewhere (BagIt 1.0, RFC 8493): a proved export with a finding aid, and the manifests around both.

bagit.txt, bag-info.txt, manifest-sha256.txt, tagmanifest-sha256.txt
data/export/…            the export: messages, heads, proofs, manifest (export.py)
data/finding-aid.html    what is in it, for people; data/finding-aid.csv the same for programs

Any BagIt program checks that nothing was lost on the way; tools/verify_export.py checks data/export against the city's ledger.
"""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any, TextIO

import orjson

from civicmail.desk.workbench.export import MESSAGES

EXPORT = "export"
HEAD = ("number", "received", "from", "to", "subject", "size", "sha256", "file")
_DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body><h1>{title}</h1>
<dl>{facts}</dl>
<table><caption>Messages, in order of receipt</caption>
<thead><tr>{head}</tr></thead>
<tbody>
"""


def finish(bag: Path, title: str, facts: Mapping[str, str], subjects: Mapping[str, str], now: int) -> None:
    """Write the finding aid and the tag files around data/export. facts: labels of bag-info.txt, in order; subjects: by capture id;
    now: epoch ms. Everything is durable on return."""
    data = bag / "data"
    with _new(data / "finding-aid.csv") as file, _new(data / "finding-aid.html") as page:
        table = csv.writer(file)
        table.writerow(HEAD)
        shown = "".join(f"<dt>{escape(label)}</dt><dd>{escape(words)}</dd>" for label, words in facts.items())
        page.write(_PAGE.format(title=escape(title), facts=shown, head="".join(f'<th scope="col">{name}</th>' for name in HEAD)))
        for row in _rows(data / EXPORT / MESSAGES, subjects):
            table.writerow([_plain(value) for value in row])
            page.write(f"<tr>{''.join(f'<td>{escape(value)}</td>' for value in row)}</tr>\n")
        page.write("</tbody></table></body></html>\n")
    payload = [(path.relative_to(bag).as_posix(), _digest(path), path.stat().st_size) for path in _files(data)]
    oxum = {"Payload-Oxum": f"{sum(size for _, _, size in payload)}.{len(payload)}"}
    day = {"Bagging-Date": f"{datetime.fromtimestamp(now / 1000, UTC):%Y-%m-%d}"}
    tags = {
        "bagit.txt": _DECLARATION,
        "bag-info.txt": "".join(f"{label}: {_line(words)}\n" for label, words in {**facts, **day, **oxum}.items()),
        "manifest-sha256.txt": "".join(f"{digest}  {name}\n" for name, digest, _ in payload),
    }
    tags["tagmanifest-sha256.txt"] = "".join(
        f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n" for name, text in tags.items()
    )
    for name, text in tags.items():
        with _new(bag / name) as h:
            h.write(text)


def _rows(messages: Path, subjects: Mapping[str, str]) -> Iterator[list[str]]:
    with messages.open("rb") as h:
        for line in h:
            m: dict[str, Any] = orjson.loads(line)
            yield [
                str(m["n"]), m["received"], m.get("from", ""), ", ".join(m.get("to", ())), subjects.get(m["id"], ""),
                str(m["size"]), m["sha256"], f"data/{EXPORT}/{m['file']}",
            ]  # fmt: skip


def _files(top: Path) -> list[Path]:
    return sorted(path for path in top.rglob("*") if path.is_file())


def _digest(path: Path) -> str:
    with path.open("rb") as h:
        return hashlib.file_digest(h, "sha256").hexdigest()


def _line(words: str) -> str:
    """One line of bag-info.txt: a line break would begin another label."""
    return " ".join(words.split())


def _plain(text: str) -> str:
    """A cell that no spreadsheet takes for a formula (CWE-1236)."""
    return f"'{text}" if text and text[0] in "=+-@\t\r" else text


def _new(path: Path) -> TextIO:
    def private(name: str, flags: int) -> int:
        return os.open(name, flags | os.O_EXCL, 0o600)

    return open(path, "w", encoding="utf-8", newline="", opener=private)
