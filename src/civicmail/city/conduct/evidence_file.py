"""Evidence as one file that anyone can check offline: of a review (R14; docs/formats.md, "Review"), or another case. Pure.

Its contents are written from rows and are identical each time; for a review, their digest is in the ledger, in the entry that
closed it. The file also contains the audit entries with their proofs.
"""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import orjson

VERSION = "civicmail review 1"
MANIFEST, SUMS, README, ENTRIES, PROOFS = "manifest.json", "SHA256SUMS", "README.txt", "entries.jsonl", "proofs.jsonl"
_MOMENT = (1980, 1, 1, 0, 0, 0)
_README = """Evidence of a review of mail access: {name} ({key}), of {city}.

report.html        what was asked and answered, for reading
definition.json    by what the review went: tier, days, exceptions, what silence does
questions.jsonl    each question as the reviewer saw it when the review began
rows.csv           each question with its answer, who gave it, when, and what was made of it
reviewers.csv      who was asked, who joined, replaced or stood in, and how fast they answered
log.csv            reminders, delegations, escalations, what the breaker held back
entries.jsonl      the entries of everybody's acts, as the ledger has them
proofs.jsonl       proofs that they are in the ledger{proof}
manifest.json      checksums and counts

Check it with: python verify_review.py THIS_FILE
"""


@dataclass(slots=True)
class Evidence:
    """files: name -> content, identical each time; counts: of rows, by state and by answer."""

    files: dict[str, bytes] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


def digest(files: dict[str, bytes]) -> str:
    """One checksum of all contents: SHA-256 of the canonical JSON of name -> SHA-256."""
    return hashlib.sha256(orjson.dumps(sums(files), option=orjson.OPT_SORT_KEYS)).hexdigest()


def sums(files: dict[str, bytes]) -> dict[str, str]:
    """Name -> SHA-256."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def pack(
    evidence: Evidence,
    about: dict[str, Any],
    heads: Sequence[bytes],
    proofs: Sequence[dict[str, Any]],
    *,
    version: str = VERSION,
    readme: str = _README,
) -> bytes:
    """The zip. about: key, name, city and more for the manifest; heads: records of the entries; proofs: none if the ledger has not
    signed all of them yet, which the manifest states; version: of the manifest; readme: with {name}, {key}, {city} and {proof}."""
    files = dict(evidence.files)
    files[ENTRIES] = b"".join(head + b"\n" for head in heads)
    if proofs:
        files[PROOFS] = b"".join(orjson.dumps(line) + b"\n" for line in proofs)
    manifest = {
        "v": version,
        **about,
        "sha256": digest(evidence.files),
        "contents": sorted(evidence.files),
        "files": sums(files),
        "counts": evidence.counts,
        "entries": len(heads),
        "proof": bool(proofs),
    }
    files[MANIFEST] = orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
    proof = "" if proofs else ": not there yet, the ledger signs within the hour"
    files[README] = readme.format(proof=proof, **{k: about[k] for k in ("name", "key", "city")}).encode()
    files[SUMS] = "".join(f"{sha}  {name}\n" for name, sha in sorted(sums(files).items())).encode()
    return _zip(files)


_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>{look}</head>
<body><main>
<h1>{title}</h1>
{body}</main></body>
</html>
"""
STYLE = """
<style>
body{font:11pt/1.4 sans-serif;max-width:64rem;margin:1rem auto;padding:0 1rem;color:#1b1b1b}
h1{font-size:18pt;margin:0 0 8pt}
h2{font-size:13pt;margin:16pt 0 4pt;break-after:avoid}
table{width:100%;border-collapse:collapse}
caption{text-align:left;color:#565c65;padding:0 0 4pt;break-after:avoid}
th,td{text-align:left;vertical-align:top;padding:3pt 8pt 3pt 0;border-bottom:1px solid #c6cace;overflow-wrap:break-word}
thead{display:table-header-group}
thead th{border-bottom:2px solid #71767a}
tbody th{font-weight:400}
tr{break-inside:avoid}
@page{margin:15mm;@bottom-right{content:counter(page) " / " counter(pages);font:9pt sans-serif}}
@media(max-width:40em){table{display:block;overflow-x:auto}}
@media print{body{font-size:9pt;max-width:none;margin:0;padding:0}}
</style>
"""
"""The style of a report on screen and paper; the page needs no other file."""


def page(title: str, body: str, style: str = STYLE) -> bytes:
    """A self-contained HTML page; body, style: markup."""
    return _PAGE.format(title=escape(title), body=body, look=style).encode()


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A CSV file in UTF-8; what spreadsheets would take for a formula is made text (CWE-1236)."""
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(head)
    lines.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue().encode()


def _cell(value: object) -> object:
    text = "" if value is None else value if isinstance(value, int) and not isinstance(value, bool) else str(value)
    return f"'{text}" if isinstance(text, str) and text[:1] in ("=", "+", "-", "@", "\t", "\r") and text else text


def _zip(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _MOMENT)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o100600 << 16
            made.writestr(info, files[name])
    return out.getvalue()
