"""Cosignatures of witnesses (C2SP tlog-cosignature, tlog-witness; docs/formats.md, "Cosignatures"): bytes in, bytes out.

A witness signs a checkpoint and the time, after it saw that the checkpoint continues the last one that it signed. Whoever holds a
cosigned checkpoint knows that the ledger was not rewritten since, even by a person with the city's keys (promise 2).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from civicmail.core.ledger.notes import DASH, Checkpoint

_KIND = b"\x04"
"""Of a timestamped Ed25519 signature (C2SP signed-note)."""
_LENGTH = 4 + 8 + 64


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """A witness as it names itself: name+key ID+base64 of kind and public key."""

    name: str
    public: bytes

    @classmethod
    def read(cls, text: str) -> WitnessKey:
        """Raises ValueError for anything else."""
        try:
            name, id_, encoded = text.strip().split("+", 2)
            blob = base64.b64decode(encoded, validate=True)
        except (ValueError, binascii.Error) as error:
            raise ValueError("the key of a witness is NAME+ID+KEY, as `witness.py key` prints it") from error
        key = cls(name, blob[1:])
        if not name or blob[:1] != _KIND or len(blob) != 33 or key.id.hex() != id_:
            raise ValueError("the key of a witness has an ID that is not its own, or another kind of key")
        return key

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + _KIND + self.public).digest()[:4]


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A valid one. line: with its line feed, as it is added to the note; at: when the witness signed, in seconds since 1970."""

    line: str
    at: int


def request(old: int, path: Sequence[bytes], signed: Checkpoint) -> bytes:
    """The body of add-checkpoint. old: size of the last checkpoint that the witness cosigned; path: of consistency from it."""
    hashes = "".join(f"{base64.b64encode(p).decode()}\n" for p in path)
    return f"old {old}\n{hashes}\n{signed.note}".encode()


def find(note: str, witness: WitnessKey) -> Cosignature | None:
    """The valid cosignature of a witness in a note, or in a note to which its answer was added; the newest of several."""
    text, _, signatures = note.partition("\n\n")
    valid = []
    for line in signatures.splitlines():
        if not line.startswith(f"{DASH}{witness.name} "):
            continue
        try:
            blob = base64.b64decode(line.rpartition(" ")[2], validate=True)
            if len(blob) != _LENGTH or blob[:4] != witness.id:
                continue
            at = int.from_bytes(blob[4:12])
            statement = f"cosignature/v1\ntime {at}\n{text}\n".encode()
            Ed25519PublicKey.from_public_bytes(witness.public).verify(blob[12:], statement)
        except (binascii.Error, InvalidSignature):
            continue
        valid.append(Cosignature(f"{line}\n", at))
    return max(valid, key=lambda c: c.at, default=None)
