"""The name under which a use reviewer knows somebody: the same for the same person until that is known, and nobody reads the person
from it.

It is an HMAC under a key of the installation, so that who has the list of people cannot try them all.
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
    """The key of the installation, made where there is none (0600); the same for all who ask at once. Raises OSError."""
    return files.secret(key_path(data))


def pseudonym(key: bytes, uid: str, times: int) -> str:
    """K7QM-2XVD. times: how often reviewers have come to know whose it is, so that the next one is another."""
    digest = hmac.digest(key, f"finding\0{uid}\0{times}".encode("utf-8", "surrogatepass"), hashlib.sha256)
    letters = "".join(_LETTERS[byte % 32] for byte in digest[:_LENGTH])
    return f"{letters[:4]}-{letters[4:]}"
