"""The manifest of an import: what became of every item of the source, and a report that balances against it (P-23, P-24).

A line for each item in the order in which it was read: item, sha256 (of the bytes that are kept), status (stored, known, failed,
no mail), and the reason. The last line is the report: how many of each, the SHA-256 over all items, and whether the archive, asked
again at the end, has every one that was stored or known. JSON lines, or CSV when the name ends in .csv.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

from civicmail.mail.archive.machine import Machine

_COLUMNS = ("item", "folder", "sha256", "status", "reason")


class Manifest:
    """Written to `path` with kept() and left() in the order of reading; report() comes last."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._csv = csv.DictWriter(self._file, _COLUMNS) if path.suffix.lower() == ".csv" else None
        if self._csv is not None:
            self._csv.writeheader()
        self._counts: Counter[str] = Counter()
        self._bytes = 0
        self._all = hashlib.sha256()
        self._kept: list[tuple[bytes, bytes]] = []

    def left(self, item: str, why: str, *, failed: bool) -> None:
        status = "failed" if failed else "no mail"
        self._counts[status] += 1
        self._line({"item": item, "status": status, "reason": why})

    def kept(self, item: str, folder: str, digest: bytes, size: int, bits: bytes, *, old: bool) -> None:
        """A message that is stored now or was before (old). bits: of its occurrence."""
        status = "known" if old else "stored"
        self._counts[status] += 1
        self._bytes += size
        self._all.update(digest)
        self._kept.append((bits, digest))
        self._line({"item": item, "folder": folder, "sha256": digest.hex(), "status": status})

    def _line(self, plain: dict[str, Any]) -> None:
        if self._csv is not None:
            self._csv.writerow(plain)
        else:
            self._file.write(json.dumps(plain, ensure_ascii=False) + "\n")

    def report(self, data: Path) -> dict[str, Any]:
        """The last line. missing: how many of the items that were stored or known the archive does not have, asked afresh."""
        machine = Machine(data)
        missing = sum(not machine.known(bits, digest) for bits, digest in self._kept)
        c = self._counts
        found = {
            "items": c.total(),
            "read": c["stored"] + c["known"] + c["failed"],
            "stored": c["stored"],
            "known": c["known"],
            "failed": c["failed"],
            "no_mail": c["no mail"],
            "bytes": self._bytes,
            "sha256_of_items": self._all.hexdigest(),
            "missing": missing,
            "balanced": missing == 0,
        }
        if self._csv is not None:
            reason = "; ".join(f"{name} {value}" for name, value in found.items() if name != "sha256_of_items")
            self._csv.writerow({"item": "report", "sha256": found["sha256_of_items"], "status": "report", "reason": reason})
        else:
            self._file.write(json.dumps({"report": found}) + "\n")
        return found

    def close(self) -> None:
        self._file.close()
