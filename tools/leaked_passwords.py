"""Make the list of leaked passwords: leaked_passwords.py OUT WORDLIST... [one password a line].

Kept is of each that is long enough the beginning of its SHA-256, sorted: nobody reads a password there, and whether one is on the
list is a search by halves.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

MIN_LENGTH = 15
"""Characters of a password that the pages take (front/web/settings.py)."""
KEPT = 5
"""Bytes of each hash (front/web/signin/passwords.py)."""


def main(out: str, *lists: str) -> None:
    kept = set()
    for name in lists:
        for line in Path(name).read_text("utf-8", "replace").splitlines():
            password = line.strip("\r\n").casefold()
            if len(password) >= MIN_LENGTH:
                kept.add(hashlib.sha256(password.encode()).digest()[:KEPT])
    Path(out).write_bytes(b"".join(sorted(kept)))
    print(f"{len(kept):,} passwords, {len(kept) * KEPT:,} bytes")


main(*sys.argv[1:])
