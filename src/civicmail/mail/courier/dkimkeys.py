"""Signing keys of the city (DKIM, ARC): made, published by the zone's administrator, used, retired.

keys/dkim/keys.json lists them (docs/formats.md); each private key is a file beside it, mode 0600. A key signs only while it is
active; a retired one stays published for a week, so that mail in transit can still be verified.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, cast

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from civicmail.core.config.errors import ConfigError, RefusedError, UsageError
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.mail.screening import tags
from civicmail.mail.screening.domains import a_labels, is_domain
from civicmail.mail.screening.resolver import Answer

Algorithm = Literal["rsa", "ed25519"]
State = Literal["made", "active", "retired"]
Private = RSAPrivateKey | Ed25519PrivateKey

BITS = 2048
"""A record of 4096 does not fit a packet, and some receivers read no more than 2048 (RFC 8301 3.2)."""
REST_DAYS = 7
"""How long a retired key stays published: mail that waits for its next hop is tried for five days."""
_VERSION = 1
_FILE = "keys.json"
_SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")


@dataclass(frozen=True, slots=True)
class Key:
    """One key of one domain. made, since: ms, when it was made and when it entered its state; public: p= of its record."""

    domain: str
    selector: str
    algorithm: Algorithm
    state: State
    made: int
    since: int
    public: str

    @property
    def name(self) -> str:
        """The name in the zone."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """The TXT record that has to be published there."""
        return f"v=DKIM1; k={self.algorithm}; p={self.public}"


class KeysDamaged(ConfigError):
    """keys/dkim cannot be read as it is."""


def folder(data: Path) -> Path:
    return data / "keys" / "dkim"


def listed(data: Path) -> list[Key]:
    """All keys, oldest first. Raises KeysDamaged."""
    try:
        plain = orjson.loads((folder(data) / _FILE).read_bytes())
        if plain["v"] != _VERSION:
            raise KeysDamaged("keys/dkim/keys.json is of a later version of this program.")
        return [Key(**row) for row in plain["keys"]]
    except FileNotFoundError:
        return []
    except (ValueError, TypeError, KeyError):
        raise KeysDamaged("keys/dkim/keys.json cannot be read; put it back from a backup.") from None


def private(data: Path, key: Key) -> Private:
    """Its private half. Raises KeysDamaged."""
    try:
        private_key = load_pem_private_key(_pem(data, key).read_bytes(), None)
    except (OSError, ValueError, TypeError):
        raise KeysDamaged(f"{_pem(data, key).name} in keys/dkim cannot be read; put it back from a backup.") from None
    if not isinstance(private_key, RSAPrivateKey | Ed25519PrivateKey) or _public(private_key) != key.public:
        raise KeysDamaged(f"{_pem(data, key).name} in keys/dkim is another key than keys.json says.")
    return private_key


def new(data: Path, domain: str, algorithm: Algorithm, *, now: int, selector: str = "", files: Files = OS_FILES) -> Key:
    """Make a key that signs nothing yet. selector: empty for the date, like 20260302r. Raises UsageError for a selector that is
    taken or none."""
    domain = a_labels(domain)
    known = listed(data)
    taken = {key.selector for key in known if key.domain == domain}
    selector = selector.lower() or _selector(now, algorithm, taken)
    if not is_domain(domain) or not _SELECTOR.match(selector):
        raise UsageError("A domain is like city.example, and a selector is made of letters, digits and dashes.")
    if selector in taken:
        raise UsageError(f"{domain} has a key with the selector {selector} already; a selector is used once.")
    made = generate_private_key(65537, BITS) if algorithm == "rsa" else Ed25519PrivateKey.generate()
    key = Key(domain, selector, algorithm, "made", now, now, _public(made))
    files.make_folder(folder(data))
    files.replace(_pem(data, key), made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    _write(data, [*known, key], files)
    return key


def activate(data: Path, key: Key, *, now: int, files: Files = OS_FILES) -> Key:
    """Sign with this key from now on; the one of the same kind that did so retires."""
    if key.state == "retired":
        raise RefusedError(f"The key {key.name} is retired; make a new one.")
    private(data, key)
    active = replace(key, state="active", since=now)
    rows = []
    for row in listed(data):
        same = (row.domain, row.algorithm, row.state) == (key.domain, key.algorithm, "active")
        if row.name == key.name:
            rows.append(active if row.state != "active" else row)
        else:
            rows.append(replace(row, state="retired", since=now) if same else row)
    _write(data, rows, files)
    return active


def retire(data: Path, key: Key, *, now: int, files: Files = OS_FILES) -> Key:
    """Sign with it no more; its private half is removed."""
    retired = replace(key, state="retired", since=now)
    _write(data, [retired if row.name == key.name else row for row in listed(data)], files)
    files.unlink(_pem(data, key))
    files.sync_folder(folder(data))
    return retired


def chosen(keys: Iterable[Key], domain: str, selector: str) -> Key:
    """The key that a command names. Raises UsageError."""
    domain, selector = a_labels(domain), selector.lower()
    matches = [key for key in keys if key.domain == domain and key.selector == selector]
    if not matches:
        raise UsageError(f"There is no key {selector}._domainkey.{domain}: `civicmail keys dkim list` has those that there are.")
    return matches[0]


def is_published(key: Key, answer: Answer) -> bool:
    """Whether DNS has this key under its name, and nothing else there."""
    if len(answer.values) != 1:
        return False
    fields = tags.read(answer.values[0]) or {}
    return tags.packed(fields.get("p", "")) == key.public and fields.get("k", "rsa").lower() == key.algorithm


def _selector(now: int, algorithm: Algorithm, taken: set[str]) -> str:
    day = datetime.fromtimestamp(now // 1000, UTC).strftime("%Y%m%d") + algorithm[0]
    return next(name for name in [day, *(f"{day}{n}" for n in range(2, len(taken) + 3))] if name not in taken)


def _public(key: Private) -> str:
    if isinstance(key, Ed25519PrivateKey):
        raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    else:
        raw = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(raw).decode()


def _pem(data: Path, key: Key) -> Path:
    return folder(data) / f"{key.selector}.{key.domain}.pem"


def _write(data: Path, keys: list[Key], files: Files) -> None:
    plain: dict[str, Any] = {"v": _VERSION, "keys": [asdict(key) for key in keys]}
    files.replace(folder(data) / _FILE, orjson.dumps(plain, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2))


def algorithm(text: str) -> Algorithm:
    """A kind of key that a command names. Raises UsageError."""
    if text not in ("rsa", "ed25519"):
        raise UsageError("A key is of the kind rsa or ed25519.")
    return cast(Algorithm, text)
