"""Law packs that the city adopted, in the folder `law` of the installation, each signed by its key (docs/formats.md, "Law pack").

    adopt(data, text, by=uid, at=now)            checked, signed, durable on return
    in_force(data, today)                        the pack by which new requests are decided
    version(data, "wisconsin", "2026-12-01")     the pack with which a request began

Every read checks the signature. A pack without a valid one is an error, and no other pack takes its place: nothing is guessed.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from civicmail.city.law.errors import BadPack, NoPack, NotInPack, NotVerified
from civicmail.city.law.pack import LawPack, load_pack
from civicmail.city.law.shipped import OFFERED
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.ledger import keys, notes

_DOMAIN = b"civicmail law 1\n"
"""Signed before the file, so that no signature of a checkpoint fits a law pack."""
_END = re.compile(rb"\n# adopted (\d{1,15}) by (\S+)\n# signed (\S+) (\S+)\n", re.ASCII)


@dataclass(frozen=True, slots=True)
class Adopted:
    """A verified law pack. text: its bytes as they were adopted; at: epoch ms; by: the person."""

    pack: LawPack
    text: str
    at: int
    by: str

    @property
    def sha256(self) -> str:
        return sha256(self.text.encode()).hexdigest()


def path(data: Path, name: str, version: str) -> Path:
    return data / "law" / f"{name}-{version}.toml"


def adopt(data: Path, text: str, *, by: str, at: int, today: date, files: Files = OS_FILES) -> Adopted:
    """Put a law pack into force. Raises BadPack, also for a version that was adopted with another text, and NotInForce for one that
    has ended."""
    pack = load_pack(text)
    pack.require_in_force(max(today, pack.since))
    for known in adopted(data):
        if (known.pack.name, known.pack.version) == (pack.name, pack.version) and known.text != text:
            raise BadPack(f"{pack.name} {pack.version} was adopted with another text: give the changed pack a new version.")
    key = keys.private(data / "keys")
    public = key.public_key().public_bytes_raw()
    content = f"{text}\n# adopted {at} by {by}\n".encode()
    signature = base64.b64encode(key.sign(_DOMAIN + content)).decode()
    file = path(data, pack.name, pack.version)
    files.make_folder(file.parent)
    files.replace(file, content + f"# signed {notes.origin(public)} {signature}\n".encode())
    return _read(file.read_bytes(), file.name, public)


def adopted(data: Path) -> list[Adopted]:
    """Every adopted pack, in the order of adoption. Raises NotVerified if any of them lacks its valid signature."""
    files = sorted((data / "law").glob("*.toml"))
    if not files:
        return []
    public = keys.public(data / "keys")
    return sorted(
        (_read(file.read_bytes(), file.name, public) for file in files), key=lambda a: (a.at, a.pack.name, a.pack.version)
    )


def last(data: Path, on: date) -> Adopted:
    """The pack that was adopted last of those that have begun, also if it has ended. Raises NoPack, NotVerified."""
    begun = [known for known in adopted(data) if known.pack.since <= on]
    if not begun:
        raise NoPack(f"No law pack was adopted: read {OFFERED} and adopt it with `civicmail law adopt {OFFERED} --reason TEXT`.")
    return begun[-1]


def in_force(data: Path, on: date) -> LawPack:
    """The pack by which requests are decided that begin on this day. Raises NoPack, NotVerified, NotInForce if it has ended."""
    pack = last(data, on).pack
    pack.require_in_force(on)
    return pack


def version(data: Path, name: str, number: str) -> LawPack:
    """The pack with which an open request began. Raises NotInPack, NotVerified."""
    for known in adopted(data):
        if (known.pack.name, known.pack.version) == (name, number):
            return known.pack
    raise NotInPack(f"The law pack {name} {number} is not among those that were adopted.")


@lru_cache(maxsize=32)  # the same files at every page
def _read(content: bytes, file: str, public: bytes) -> Adopted:
    """Raises NotVerified."""
    match = _END.fullmatch(content, max(0, content.rfind(b"\n# adopted ")))
    if match is None:
        raise NotVerified(f"law/{file} has no signature: nothing is decided by it. {_REMEDY}")
    at, by, signer, signature = match.groups()
    if (name := signer.decode(errors="replace")) != notes.origin(public):
        raise NotVerified(f"law/{file} was signed with an unknown key ({name}): nothing is decided by it. {_REMEDY}")
    try:
        signed = content[: match.start(3) - len(b"# signed ")]
        Ed25519PublicKey.from_public_bytes(public).verify(base64.b64decode(signature, validate=True), _DOMAIN + signed)
    except (InvalidSignature, binascii.Error):
        raise NotVerified(f"law/{file} was changed after it was adopted: nothing is decided by it. {_REMEDY}") from None
    text = content[: match.start()].decode()
    pack = load_pack(text)
    if file != f"{pack.name}-{pack.version}.toml":
        raise NotVerified(f"law/{file} is {pack.name} {pack.version}, under another name. {_REMEDY}")
    return Adopted(pack, text, int(at), by.decode())


_REMEDY = "Restore the file, or remove it and adopt the pack again."
