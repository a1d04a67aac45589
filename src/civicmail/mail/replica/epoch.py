"""The fencing epoch: a growing number in ledger/epoch, signed with the ledger's key (docs/formats.md, "Copy").

An installation that is made from a copy takes the next epoch and writes it into the copy first. An installation that connects to
that copy with a lower epoch is notified, writes `fenced` into its data folder, and never accepts or delivers mail again, so there
are never two primaries.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.ledger import keys
from civicmail.mail.replica.errors import Fenced, NotACopy

_LABEL = b"civicmail epoch\0"


@dataclass(frozen=True, slots=True)
class Epoch:
    """number: 1 for the first installation; at: when it began, ms since 1970; signed: the file, empty for the first one."""

    number: int = 1
    at: int = 0
    signed: bytes = b""


def path_of(data: Path) -> Path:
    return data / "ledger" / "epoch"


def read(data: Path) -> Epoch:
    """The epoch of an installation or a copy. Raises NotACopy where its signature is not that of its ledger's key."""
    try:
        signed = path_of(data).read_bytes()
    except FileNotFoundError:
        return Epoch()
    return checked(signed, keys.public(data / "keys"))


def checked(signed: bytes, public: bytes) -> Epoch:
    """The content of a signed epoch. Raises NotACopy unless this key signed it."""
    if not signed:
        return Epoch()
    try:
        plain = orjson.loads(signed)
        statement = orjson.dumps(plain["said"], option=orjson.OPT_SORT_KEYS)
        Ed25519PublicKey.from_public_bytes(public).verify(bytes.fromhex(plain["signature"]), _LABEL + statement)
        return Epoch(int(plain["said"]["epoch"]), int(plain["said"]["at"]), signed)
    except (ValueError, KeyError, TypeError, InvalidSignature):
        raise NotACopy("An epoch is not signed by the ledger's key of this installation; it was not believed.") from None


def begin(copy: Path, now: int, files: Files = OS_FILES) -> Epoch:
    """Take the epoch after that of a copy and write it there, durably: from now on the older installation is fenced. now: ms."""
    statement = {"v": 1, "epoch": read(copy).number + 1, "at": now}
    signature = keys.private(copy / "keys").sign(_LABEL + orjson.dumps(statement, option=orjson.OPT_SORT_KEYS))
    files.make_folder(path_of(copy).parent)
    files.replace(path_of(copy), orjson.dumps({"said": statement, "signature": signature.hex()}, option=orjson.OPT_SORT_KEYS))
    return read(copy)


def _marker(data: Path) -> Path:
    return data / "fenced"


def fence(data: Path, higher: bytes, files: Files = OS_FILES) -> None:
    """Write down that another installation has taken over. higher: its signed epoch, which must be higher than ours.

    Raises NotACopy, and fences nothing, when it is not signed by our key or not higher.
    """
    theirs, ours = checked(higher, keys.public(data / "keys")), read(data)
    if theirs.number <= ours.number:
        raise NotACopy(f"The copy says that epoch {theirs.number} came after epoch {ours.number}; it was not believed.")
    files.replace(_marker(data), higher)


def is_fenced(data: Path) -> bool:
    return _marker(data).exists()


def require_unfenced(data: Path) -> None:
    """Raise Fenced when another installation has taken over from this one."""
    try:
        theirs = checked(_marker(data).read_bytes(), keys.public(data / "keys"))
    except FileNotFoundError:
        return
    when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(theirs.at // 1000))
    raise Fenced(
        f"Another installation took over at {when} with epoch {theirs.number}; this one has epoch {read(data).number} and may not "
        "take in or deliver mail any more. It can still be searched and verified."
    )
