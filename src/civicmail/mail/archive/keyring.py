"""The keyring: wrapped segment keys, the master key that unwraps them, and the recovery key that people keep (docs/formats.md).

keys/
    master.key              32 bytes, mode 0600
    master.old              the previous one, during a rotation (master_key.py)
    recovery.json           master key and ledger key under the recovery key, and when an operator proved to have that
    segments/<id>.key       the key of one segment under the master key: removing it shreds the segment
    ledger.key, ledger.pub  the Ed25519 pair of checkpoints

The recovery key is shown once, by create(), and stored nowhere. Segment keys are stored outside the segments, so that a deletion
reaches every copy of a segment.
"""

from __future__ import annotations

import binascii
import contextlib
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from civicmail.core.config.errors import CivicmailError, ConfigError, UsageError
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.ledger import keys as signing
from civicmail.mail.archive.errors import KeyMissing

KEY_BYTES = 32
_MAGIC = b"CVK1"
_ID_BYTES = 8
_NONCE_BYTES = 12
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
_READ_AS = str.maketrans({"o": "0", "i": "1", "l": "1", "-": None, " ": None, "\n": None, "\t": None})
_RECOVERY_BYTES = 20
_CHECK_BYTES = 5
_NEWEST = 3  # segments whose keys are compared: one of them may be damaged


def folder(data: Path) -> Path:
    return data / "keys"


def create(data: Path, *, files: Files = OS_FILES) -> str:
    """Make the keys of a new installation; return the recovery key, which is printed once and which people must keep. Raises
    ConfigError if a keyring exists."""
    place = folder(data)
    if (place / "master.key").exists() or any((place / "segments").glob("*.key")):
        raise ConfigError(f"There is a keyring in {place} already; a new one could not open what is kept.")
    master = os.urandom(KEY_BYTES)
    signing.create(place, files)
    recovery = new_recovery(data, master, b"", files)
    files.replace(place / "master.key", master)  # last: without it the keyring does not exist
    return recovery


def new_recovery(data: Path, master: bytes, before: bytes, files: Files) -> str:
    """Make a recovery key for this master key, the ledger's key, and the previous master key; older recovery keys become invalid.
    It is returned and stored nowhere."""
    recovery = os.urandom(_RECOVERY_BYTES)
    ledger = signing.private(folder(data)).private_bytes_raw()
    wrapped = _wrap(_recovery_key(recovery), master + ledger + before, b"recovery").hex()
    masters = " ".join(master_name(key).hex() for key in (master, before) if key)
    _write_recovery(data, {"v": 1, "wrapped": wrapped, "proved": 0, "masters": masters}, files)
    return _as_text(recovery)


def prove_recovery(data: Path, text: str, *, now: int, files: Files = OS_FILES) -> bool:
    """Whether these words are the recovery key of this installation; if so, record that it was proved. now: ms. Raises UsageError
    if the words are no recovery key (a digit is wrong or missing), KeyMissing without a keyring."""
    state = _read_recovery(data)
    opened = _opened(state, text)
    if opened is None:
        return False
    _write_recovery(data, {**state, "proved": now}, files)
    return True


def is_proved(data: Path) -> bool:
    """Whether an operator has proved possession of the recovery key (doctor is red until then)."""
    return bool(_read_recovery(data)["proved"])


def recover(data: Path, text: str, *, files: Files = OS_FILES) -> None:
    """Write the master key and the ledger key again from the recovery key.

    Raises UsageError when the words are not the recovery key of this installation.
    """
    opened = _opened(_read_recovery(data), text)
    if opened is None:
        raise UsageError("This is not the recovery key of this installation.")
    files.replace(folder(data) / "master.key", opened[:KEY_BYTES])
    if before := opened[2 * KEY_BYTES :]:  # wrapped while a rotation was under way, which may not have ended
        files.replace(folder(data) / "master.old", before)
    files.replace(folder(data) / "ledger.key", opened[KEY_BYTES : 2 * KEY_BYTES])
    files.unlink(folder(data) / "ledger.pub")
    signing.create(folder(data), files)


_AGAIN = "put it back from a backup, or `civicmail keys recover` writes it again by the recovery key"


def new_key() -> bytes:
    """A key for one segment."""
    return os.urandom(KEY_BYTES)


class Keyring:
    """The keys of the segments of a data folder. The master key is read once, and again when it was rotated meanwhile."""

    def __init__(self, data: Path, files: Files = OS_FILES) -> None:
        self._place = folder(data)
        self._files = files
        self._masters: dict[bytes, bytes] = {}  # name -> key, for reading
        self._master = b""
        self._is_ours = False
        self._read_masters()

    def _read_masters(self) -> None:
        try:
            master = (self._place / "master.key").read_bytes()
        except FileNotFoundError:
            raise KeyMissing(f"There is no master key in {self._place}; {_AGAIN}.") from None
        if len(master) != KEY_BYTES:
            raise KeyMissing(f"The master key in {self._place} is damaged; {_AGAIN}.")
        self._master = master
        self._masters = {master_name(master): master}
        with contextlib.suppress(FileNotFoundError):
            before = (self._place / "master.old").read_bytes()
            self._masters[master_name(before)] = before

    def require_ours(self) -> None:
        """Raise KeyMissing unless the master key is the one that recovery.json and the newest segments name. Segments sealed under
        another key would be unreadable once the right key is restored."""
        known: set[bytes] = set()
        with contextlib.suppress(CivicmailError):
            known = {bytes.fromhex(name) for name in str(_read_recovery(self._place.parent).get("masters", "")).split()}
        newest = [self._path(segment).read_bytes() for segment in sorted(self.names())[-_NEWEST:]]
        under = {content[len(_MAGIC) : len(_MAGIC) + _ID_BYTES] for content in newest if content[:4] == _MAGIC}
        if (known and known.isdisjoint(self._masters)) or (under and under.isdisjoint(self._masters)):
            raise KeyMissing(f"The master key in {self._place} is not the one that mail was sealed under before; {_AGAIN}.")
        self._is_ours = True

    def keep(self, keys: Mapping[str, bytes]) -> None:
        """Wrap and durably store the keys of these new segments. Raises KeyMissing if the master key has changed."""
        if not self._is_ours:
            self.require_ours()
        place = self._place / "segments"
        self._files.make_folder(place)
        with contextlib.ExitStack() as stack:
            written = []
            for segment, key in keys.items():
                file = self._files.open(self._path(segment), create=True)
                stack.callback(file.close)
                file.write_at(0, [key_file(self._master, segment, key)])
                written.append(file)
            for file in written:
                file.sync()
        self._files.sync_folder(place)

    def open(self, segment: str) -> bytes:
        """The key of a segment. Raises KeyMissing when it was removed, or is under another master key."""
        try:
            content = self._path(segment).read_bytes()
        except FileNotFoundError:
            raise KeyMissing(f"The key of segment {segment} is not in the keyring: what it holds cannot be read.") from None
        if content[:4] != _MAGIC:
            raise KeyMissing(f"The key file of segment {segment} is damaged or of a version that is not known here.")
        name = content[len(_MAGIC) : len(_MAGIC) + _ID_BYTES]
        if name not in self._masters:
            self._read_masters()
        if name not in self._masters:
            raise KeyMissing(f"The key of segment {segment} was made under another master key.")
        try:
            return _opened_key(self._masters[name], content, segment)
        except InvalidTag:
            raise KeyMissing(f"The key of segment {segment} is damaged.") from None

    def remove(self, segments: list[str]) -> None:
        """Shred segment keys: without its key a segment can never be read again."""
        for segment in segments:
            self._files.unlink(self._path(segment))
        if segments:
            self._files.sync_folder(self._place / "segments")

    def names(self) -> set[str]:
        """Segment ids that have a key."""
        place = self._place / "segments"
        return {p.stem for p in place.glob("*.key")} if place.is_dir() else set()

    def _path(self, segment: str) -> Path:
        return self._place / "segments" / f"{segment}.key"


def _wrap(key: bytes, secret: bytes, about: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, secret, about)


def _unwrap(key: bytes, wrapped: bytes, about: bytes) -> bytes:
    if len(wrapped) <= _NONCE_BYTES + 16:
        raise InvalidTag
    return AESGCM(key).decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], about)


def key_file(master: bytes, segment: str, key: bytes) -> bytes:
    """The content of a segment's key file."""
    opening = _MAGIC + master_name(master)
    return opening + _wrap(master, key, opening + bytes.fromhex(segment))


def _opened_key(master: bytes, content: bytes, segment: str) -> bytes:
    start = len(_MAGIC) + _ID_BYTES
    return _unwrap(master, content[start:], content[:start] + bytes.fromhex(segment))


def master_name(master: bytes) -> bytes:
    """Tells master keys apart without saying anything about them."""
    return hashlib.sha256(b"civicmail master key\0" + master).digest()[:_ID_BYTES]


def _recovery_key(recovery: bytes) -> bytes:
    """160 random bits need no slow function; the label keeps this key from being used for anything else."""
    return hashlib.sha256(b"civicmail recovery key\0" + recovery).digest()


def _as_text(recovery: bytes) -> str:
    """40 digits of Crockford's base 32 in groups of five: 160 bits and 40 bits of checksum."""
    whole = recovery + hashlib.sha256(recovery).digest()[:_CHECK_BYTES]
    number = int.from_bytes(whole)
    digits = "".join(_ALPHABET[number >> shift & 31] for shift in range(len(whole) * 8 - 5, -1, -5))
    return "-".join(digits[i : i + 5] for i in range(0, len(digits), 5))


def _from_text(text: str) -> bytes:
    digits = text.strip().lower().translate(_READ_AS)
    size = _RECOVERY_BYTES + _CHECK_BYTES
    if len(digits) * 5 != size * 8 or any(d not in _ALPHABET for d in digits):
        raise UsageError("A recovery key has eight groups of five letters and digits.")
    number = 0
    for digit in digits:
        number = number << 5 | _ALPHABET.index(digit)
    whole = number.to_bytes(size)
    recovery = whole[:_RECOVERY_BYTES]
    if hashlib.sha256(recovery).digest()[:_CHECK_BYTES] != whole[_RECOVERY_BYTES:]:
        raise UsageError("A letter or digit of the recovery key is wrong.")
    return recovery


def _opened(state: dict[str, int | str], text: str) -> bytes | None:
    """Master key and ledger key, or None when this is another installation's recovery key."""
    try:
        return _unwrap(_recovery_key(_from_text(text)), bytes.fromhex(str(state["wrapped"])), b"recovery")
    except InvalidTag:
        return None


def _read_recovery(data: Path) -> dict[str, int | str]:
    path = folder(data) / "recovery.json"
    try:
        state: dict[str, int | str] = orjson.loads(path.read_bytes())
        if state["v"] != 1:
            raise ConfigError(f"{path} has version {state['v']}, which is not known here.")
        bytes.fromhex(str(state["wrapped"]))
        int(state["proved"])
    except FileNotFoundError:
        raise KeyMissing(f"{path} is missing; put it back from a backup of the keyring.") from None
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, binascii.Error):
        raise ConfigError(f"{path} is damaged; a backup of the keyring has another copy.") from None
    return state


def _write_recovery(data: Path, state: dict[str, int | str], files: Files) -> None:
    files.replace(folder(data) / "recovery.json", orjson.dumps(state, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE))
