"""A checkpoint as a signed note (C2SP signed-note, tlog-checkpoint; docs/formats.md, "Checkpoint"): text in, text out."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

DASH = "\N{EM DASH} "


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The content of a note. size: entries covered; root: of the tree over them; at: ms since 1970; note: the signed text."""

    size: int
    root: bytes
    at: int
    note: str

    @property
    def facts(self) -> dict[str, int | str]:
        """The facts of a `checkpoint` record of a journal."""
        return {"size": self.size, "root": self.root.hex(), "note": self.note}


def origin(public: bytes) -> str:
    """The name of a ledger: it follows from the key."""
    return f"civicmail-ledger-{sha256(public).hexdigest()[:16]}"


def sign(key: Ed25519PrivateKey, size: int, root: bytes, at: int) -> Checkpoint:
    """Sign a checkpoint."""
    public = key.public_key().public_bytes_raw()
    name = origin(public)
    text = f"{name}\n{size}\n{base64.b64encode(root).decode()}\nat {at}\n"
    signature = base64.b64encode(_key_hash(name, public) + key.sign(text.encode())).decode()
    return Checkpoint(size, root, at, f"{text}\n{DASH}{name} {signature}\n")


def read(note: str) -> Checkpoint:
    """Parse a note without checking its signature. Raises ValueError for any other text."""
    lines = note.split("\n")
    if len(lines) < 7 or lines[4] or not lines[3].startswith("at ") or not lines[5].startswith(DASH):
        raise ValueError("not a checkpoint of a civicmail ledger")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except binascii.Error as error:
        raise ValueError("the root of the checkpoint is not base64") from error
    if len(root) != 32:
        raise ValueError("the root of the checkpoint is not 32 bytes")
    return Checkpoint(int(lines[1]), root, int(lines[3][3:]), note)


def is_signed(note: str, public: bytes) -> bool:
    """Whether the note has a valid signature of this key under this key's name."""
    text, _, signatures = note.partition("\n\n")
    name = origin(public)
    if text.partition("\n")[0] != name:
        return False
    for line in signatures.splitlines():
        if not line.startswith(f"{DASH}{name} "):
            continue
        try:
            blob = base64.b64decode(line.rpartition(" ")[2], validate=True)
            if blob[:4] == _key_hash(name, public):
                Ed25519PublicKey.from_public_bytes(public).verify(blob[4:], f"{text}\n".encode())
                return True
        except (binascii.Error, InvalidSignature):
            continue
    return False


def in_record(head: bytes, public: bytes) -> Checkpoint | None:
    """The checkpoint in the head of a `checkpoint` record, or None if this key signed none."""
    try:
        note = orjson.loads(head)["facts"]["note"]
        return read(note) if is_signed(note, public) else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _key_hash(name: str, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n\x01" + public).digest()[:4]
