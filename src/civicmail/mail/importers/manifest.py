"""The manifest of an import: the outcome of every item of the source, and a report that balances against it (P-23, P-24).

One line per item in reading order: item, sha256 (of the archived bytes), status and reason. The status is stored, known, failed, no
mail, or note for information only. The last line is the report: the counts, the SHA-256 over all items, and whether the archive,
queried again at the end, has each of them. JSON lines, or CSV when the name ends in .csv.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

from civicmail.mail.archive.machine import Machine
from civicmail.mail.importers.vault.exports import UNNAMED
from civicmail.mail.importers.walk import Skipped, SourceMessage, text_of

_COLUMNS = ("item", "folder", "sha256", "status", "reason")


class Manifest:
    """A manifest, written to `path` with kept() and left() in the order of reading; report() comes last."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._csv = csv.DictWriter(self._file, _COLUMNS) if path.suffix.lower() == ".csv" else None
        if self._csv is not None:
            self._csv.writeheader()
        self._counts: Counter[str] = Counter()
        self._bytes = 0
        self._all = hashlib.sha256()
        self._kept: list[tuple[bytes, bytes]] = []

    def left(self, left: Skipped) -> None:
        """Write an item without a message, or a note, which is not counted."""
        status = "note" if left.note else "failed" if left.failed else "no mail"
        self._counts[status] += not left.note
        self._line({"item": left.name, "status": status, "reason": left.why})

    def kept(self, item: SourceMessage, digest: bytes, bits: bytes, *, old: bool) -> None:
        """A message that is stored now or was before (old). bits: of its occurrence."""
        status = "known" if old else "stored"
        self._counts[status] += 1
        self._bytes += len(item.content)
        self._all.update(digest)
        self._kept.append((bits, digest))
        more = {"reason": UNNAMED} if item.unnamed else {}
        self._line({"item": text_of(item.name), "folder": item.folder, "sha256": digest.hex(), "status": status, **more})

    def _line(self, plain: dict[str, Any]) -> None:
        if self._csv is not None:
            self._csv.writerow(plain)
        else:
            self._file.write(json.dumps(plain, ensure_ascii=False) + "\n")

    def report(self, data: Path, exports: list[dict[str, Any]]) -> dict[str, Any]:
        """Write the last line. exports: results of each Google Vault export; missing: stored or known items that the archive lacks
        now."""
        machine = Machine(data)
        missing = sum(not machine.known(bits, digest) for bits, digest in self._kept)
        c = self._counts
        counts = {
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
        if exports:
            counts["vault"] = exports
        if self._csv is not None:
            shown = counts | ({"vault": json.dumps(exports, ensure_ascii=False)} if exports else {})
            reason = "; ".join(f"{name} {value}" for name, value in shown.items() if name != "sha256_of_items")
            self._csv.writerow({"item": "report", "sha256": counts["sha256_of_items"], "status": "report", "reason": reason})
        else:
            self._file.write(json.dumps({"report": counts}) + "\n")
        return counts

    def close(self) -> None:
        self._file.close()
