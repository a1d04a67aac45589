"""Receipt codes and capability links: whoever has one may follow a request, unnamed (Wis. Stat. 19.35 (1) (i)).

The database has keyed hashes only, by a key of the installation, so that a copy of it opens nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from civicmail.core.disk.files import OS_FILES, Files

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's Base32: nobody mistakes one for another when reading aloud."""
LENGTH = 16
"""Letters of a code: 80 bits, in groups of four."""
LINK_BYTES = 24
"""Random bytes of a link: 192 bits."""
_MISREAD = str.maketrans("ILO", "110")
_CODE = re.compile(r"(?<![0-9A-Za-z])(?:[0-9A-Za-z]{4}[- ]){3}[0-9A-Za-z]{4}(?![0-9A-Za-z])")


def new_code() -> str:
    """A receipt code, like 7K3M-9QPD-W2XT-HB5C."""
    letters = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    return "-".join(letters[n : n + 4] for n in range(0, LENGTH, 4))


def new_link() -> str:
    """The last part of a capability link."""
    return secrets.token_urlsafe(LINK_BYTES)


def plain(code: str) -> str:
    """A code as it is hashed: without dashes, in capitals, misread letters corrected; "" for what is no code."""
    letters = "".join(code.split()).replace("-", "").upper().translate(_MISREAD)
    return letters if len(letters) == LENGTH and set(letters) <= set(LETTERS) else ""


def codes_in(text: str) -> Iterator[str]:
    """What may be codes in a text, each as plain() has it."""
    yield from dict.fromkeys(filter(None, (plain(match[0]) for match in _CODE.finditer(text))))


def code_digest(data: Path, code: str) -> str:
    """The keyed hash of a code, however it is spelled; "" for what is no code."""
    return _digest(data, b"code", letters) if (letters := plain(code)) else ""


def link_digest(data: Path, link: str) -> str:
    return _digest(data, b"link", link)


def key_path(data: Path) -> Path:
    return data / "keys" / "receipts.key"


def _digest(data: Path, kind: bytes, text: str, files: Files = OS_FILES) -> str:
    return hmac.new(files.secret(key_path(data)), kind + b"\0" + text.encode(), hashlib.sha256).hexdigest()
