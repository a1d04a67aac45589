"""Keys of content: a keyed hash by which decisions find every copy, and which reveals nothing outside (P-21).

A hash without a key would tell a short secret: nine digits behind a published SHA-256 are found in seconds.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from civicmail.core.disk.files import OS_FILES, Files


def key_of(data: Path, files: Files = OS_FILES) -> bytes:
    """The key of the installation, created if missing (0600). Raises OSError."""
    return files.secret(data / "keys" / "records.key")


def content_key(key: bytes, digest: bytes) -> str:
    """64 hexadecimal digits. digest: SHA-256 of the content."""
    return hmac.digest(key, b"records\0" + digest, hashlib.sha256).hex()


def message_key(message_id: str) -> str:
    """The message identification hash of EDRM (MIH 1.0): upper-case MD5 of the Message-ID without its brackets, "" without one."""
    plain = message_id.strip().removeprefix("<").removesuffix(">").strip()
    return hashlib.md5(plain.encode("utf-8", "replace"), usedforsecurity=False).hexdigest().upper() if plain else ""
