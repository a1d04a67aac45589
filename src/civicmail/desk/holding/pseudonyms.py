"""Pseudonyms under which use reviewers see a person: the same one until the person is known, and not reversible.

A pseudonym is an HMAC under a key of the installation, so that the list of people does not reveal it.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from civicmail.core.disk.files import OS_FILES, Files

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
_LENGTH = 8


def key_path(data: Path) -> Path:
    return data / "keys" / "findings.key"


def key_of(data: Path, files: Files = OS_FILES) -> bytes:
    """The key of the installation, created if missing (0600); the same for all parallel callers. Raises OSError."""
    return files.secret(key_path(data))


def pseudonym(key: bytes, uid: str, times: int) -> str:
    """K7QM-2XVD. times: how often reviewers learned the person's name, so that the next pseudonym differs."""
    digest = hmac.digest(key, f"finding\0{uid}\0{times}".encode("utf-8", "surrogatepass"), hashlib.sha256)
    letters = "".join(_LETTERS[byte % 32] for byte in digest[:_LENGTH])
    return f"{letters[:4]}-{letters[4:]}"
