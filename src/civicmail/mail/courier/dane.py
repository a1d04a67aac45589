"""Check a server's certificates against TLSA records (RFC 6698, RFC 7671, RFC 7672). Pure.

DANE-EE names the certificate itself, or its key; names and dates in the certificate then do not count (names_key). DANE-TA names
authorities, which must vouch for the certificate, its name and its dates (anchors).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

TA, EE = 2, 3
"""The two usages that mail knows (RFC 7672 3.1.3)."""
_WHOLE, _KEY = 0, 1
_MAX_CERTIFICATES = 20
"""Number of certificates of a chain that are checked."""


@dataclass(frozen=True, slots=True)
class Tlsa:
    """One record. data: the certificate or key itself (kind 0), or its SHA-256 (1) or SHA-512 (2)."""

    usage: int
    selector: int
    kind: int
    data: bytes

    @property
    def is_usable(self) -> bool:
        return self.usage in (TA, EE) and self.selector in (_WHOLE, _KEY) and self.kind in (0, 1, 2)


def names_key(records: Iterable[Tlsa], leaf: bytes) -> bool:
    """leaf: the server's own certificate (DER)."""
    return any(_fits(record, leaf) for record in records if record.usage == EE)


def anchors(records: Iterable[Tlsa], chain: Sequence[bytes]) -> list[bytes]:
    """Certificates (DER) of authorities that a record names, sent by the server or contained in the record. chain: the server's own
    certificate first, which cannot vouch for itself."""
    certificates: dict[bytes, None] = {}
    for record in records:
        if record.usage == TA:
            certificates |= dict.fromkeys(sent for sent in chain[1:_MAX_CERTIFICATES] if _fits(record, sent))
            if (record.selector, record.kind) == (_WHOLE, 0) and record.data != chain[0] and _is_certificate(record.data):
                certificates[record.data] = None
    return list(certificates)


def is_for(names: Iterable[str], hosts: Collection[str]) -> bool:
    """Whether a certificate has one of the wanted names (RFC 7672 3.2.2, 3.2.3): a star at its beginning matches one label."""
    lower = {name.lower().rstrip(".") for name in hosts}
    behind = {name.partition(".")[2] for name in lower}
    return any(n in lower or (n[:2] == "*." and n[2:] in behind) for n in (name.lower().rstrip(".") for name in names))


def _fits(record: Tlsa, certificate: bytes) -> bool:
    """RFC 6698 2.1."""
    content = _key_of(certificate) if record.selector == _KEY else certificate
    made = {0: content, 1: hashlib.sha256(content).digest(), 2: hashlib.sha512(content).digest()}[record.kind]
    return bool(content) and made == record.data


def _key_of(certificate: bytes) -> bytes:
    """SubjectPublicKeyInfo; b"" where it cannot be read."""
    try:
        public = x509.load_der_x509_certificate(certificate).public_key()
        return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, UnsupportedAlgorithm):
        return b""


def _is_certificate(content: bytes) -> bool:
    try:
        x509.load_der_x509_certificate(content)
    except ValueError:
        return False
    return True
