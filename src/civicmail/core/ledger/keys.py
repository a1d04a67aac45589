"""The ledger's signing key: keys/ledger.key (Ed25519 seed, 32 bytes, mode 0600) and keys/ledger.pub (base64 of the public key)."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.ledger.errors import KeyMissing


def create(folder: Path, files: Files = OS_FILES) -> bytes:
    """Make both files in the keys folder, durable, and return the public key. An existing key is kept."""
    files.make_folder(folder)
    if not (folder / "ledger.key").exists():
        _put(folder / "ledger.key", Ed25519PrivateKey.generate().private_bytes_raw(), files)
    public = private(folder).public_key().public_bytes_raw()
    if not (folder / "ledger.pub").exists():
        _put(folder / "ledger.pub", base64.b64encode(public) + b"\n", files)
    files.sync_folder(folder)
    return public


def _put(path: Path, content: bytes, files: Files) -> None:
    """Make a file whole or not at all; its name is durable when its folder is synced."""
    temporary = path.with_name(f".{path.name}")
    files.unlink(temporary)
    file = files.open(temporary, create=True)
    try:
        file.write_at(0, [content])
        file.sync()
    finally:
        file.close()
    files.rename(temporary, path)


def private(folder: Path) -> Ed25519PrivateKey:
    """The signing key. Raises KeyMissing."""
    try:
        return Ed25519PrivateKey.from_private_bytes((folder / "ledger.key").read_bytes())
    except (OSError, ValueError) as error:
        raise KeyMissing(f"The ledger's key {folder / 'ledger.key'} cannot be used: {error}.") from error


def public(folder: Path) -> bytes:
    """The public key, 32 bytes. Raises KeyMissing."""
    try:
        key = base64.b64decode((folder / "ledger.pub").read_bytes().strip(), validate=True)
    except (OSError, binascii.Error) as error:
        raise KeyMissing(f"The ledger's public key {folder / 'ledger.pub'} cannot be used: {error}.") from error
    if len(key) != 32:
        raise KeyMissing(f"The ledger's public key {folder / 'ledger.pub'} is not 32 bytes in base64.")
    return key
