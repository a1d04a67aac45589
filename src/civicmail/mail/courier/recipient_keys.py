"""Keys of outside readers: S/MIME certificates and OpenPGP keys that an officer has checked and added (P-19).

readers/<address>.pem    one certificate       readers/<address>.asc    one public key

The name is the address, lower case, percent-encoded. Each use checks that the key is valid for this address now: an expired key, or
one of another address, does not count.
"""

from __future__ import annotations

import errno
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, unquote

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import ExtensionOID, NameOID

from civicmail.core.config.errors import UsageError
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.mail.courier import cms, openpgp, rsakeys

MIN_RSA, MIN_CURVE = 2048, 256
"""Bits of a key."""
MAX_KEY = 1 << 18
"""Bytes of a key file."""


class NoKey(Exception):
    """Why there is no way by this key, in a few words."""


def folder(data: Path) -> Path:
    return data / "readers"


def _path(data: Path, address: str, ending: str) -> Path:
    return folder(data) / f"{quote(address.lower(), safe='@+')}.{ending}"


def add(data: Path, address: str, content: bytes, now: int, files: Files = OS_FILES) -> str:
    """Store a certificate (PEM) or an OpenPGP key (armored) for an address; return its kind: smime, openpgp. Durable on return.
    Raises UsageError if it is neither, has expired, or belongs to another address. now: ms."""
    if len(content) > MAX_KEY:
        raise UsageError("That is too large for a key.")
    is_pem = b"-----BEGIN CERTIFICATE-----" in content
    try:
        _usable(content, address, now) if is_pem else _of(content, address)
    except NoKey as no:
        raise UsageError(f"The key is not kept: {no}.") from None
    files.make_folder(folder(data))
    files.replace(_path(data, address, "pem" if is_pem else "asc"), content)
    return "smime" if is_pem else "openpgp"


def remove(data: Path, address: str, files: Files = OS_FILES) -> bool:
    """Forget the keys of an address; whether there were any."""
    there = [path for ending in ("pem", "asc") if (path := _path(data, address, ending)).exists()]
    for path in there:
        files.unlink(path)
        files.sync_folder(path.parent)
    return bool(there)


def listed(data: Path) -> list[tuple[str, str]]:
    """Address and kind (smime, openpgp) of each."""
    kinds = {".pem": "smime", ".asc": "openpgp"}
    files = folder(data).iterdir() if folder(data).is_dir() else ()
    return sorted((unquote(path.stem), kinds[path.suffix]) for path in files if path.suffix in kinds)


def certificate(data: Path, address: str, now: int) -> x509.Certificate:
    """The certificate of an address. Raises NoKey. now: ms."""
    return _usable(_read(data, address, "pem"), address, now)


def problem(data: Path, address: str, at: int) -> str:
    """Why the certificate of an address is of no use at a moment (ms), in a few words; empty where it is."""
    try:
        certificate(data, address, at)
    except NoKey as no:
        return str(no)
    return ""


def until(data: Path, address: str, at: int) -> str:
    """The day until which the certificate of an address is good, or why it is not at this moment (ms)."""
    try:
        return certificate(data, address, at).not_valid_after_utc.date().isoformat()
    except NoKey as no:
        return str(no)


def public_key(data: Path, address: str) -> bytes:
    """The OpenPGP key of an address for gpg, which itself checks its expiry. Raises NoKey."""
    content = _read(data, address, "asc")
    _of(content, address)
    return content


def _read(data: Path, address: str, ending: str) -> bytes:
    try:
        return _path(data, address, ending).read_bytes()
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENAMETOOLONG):  # of an address that no file can be named after nobody put one here
            raise NoKey("none is known") from None
        raise


def _of(content: bytes, address: str) -> None:
    try:
        named = openpgp.addresses(content)
    except openpgp.NotEncrypted as error:
        raise NoKey(str(error)) from None
    if address.lower() not in named:
        raise NoKey("it is the key of another address")


def _usable(content: bytes, address: str, now: int) -> x509.Certificate:
    """Whether the certificate has the address (RFC 8550 3) and its key may encrypt or agree on keys (RFC 8550 4.4.2, RFC 5480
    3)."""
    try:
        certificate = x509.load_pem_x509_certificate(content)
        named = addresses(certificate)
    except ValueError:
        raise NoKey("it cannot be read") from None
    moment = datetime.fromtimestamp(now / 1000, UTC)
    if not certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc:
        raise NoKey("it is not valid at this time")
    if address.lower() not in named:
        raise NoKey("it is the certificate of another address")
    _require_key(certificate)
    return certificate


def _require_key(certificate: x509.Certificate) -> None:
    """Require a kind of key that we encrypt for (cms.py), and its minimum length (RFC 8551 5). Raises NoKey."""
    try:
        key = cms.key_of(certificate)
    except (UnsupportedAlgorithm, ValueError):
        raise NoKey("its key cannot be read") from None
    if not isinstance(key, RSAPublicKey | EllipticCurvePublicKey):
        raise NoKey("its key is neither RSA nor of an elliptic curve")
    if key.key_size < (MIN_RSA if isinstance(key, RSAPublicKey) else MIN_CURVE):
        raise NoKey("its key is too short")
    if not _may_encrypt(certificate, key):
        raise NoKey("its key may not be used to encrypt")
    try:
        rsakeys.transport_for(certificate)
    except ValueError:
        raise NoKey("its key asks for parameters that are not known here") from None


def addresses(certificate: x509.Certificate) -> frozenset[str]:
    """The mail addresses that a certificate names, lower case. Raises ValueError."""
    named = {str(a.value) for a in certificate.subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS)}
    try:
        names = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    except x509.ExtensionNotFound:
        names = x509.SubjectAlternativeName([])
    assert isinstance(names, x509.SubjectAlternativeName)
    return frozenset(name.lower() for name in (*named, *names.get_values_for_type(x509.RFC822Name)))


def _may_encrypt(certificate: x509.Certificate, key: RSAPublicKey | EllipticCurvePublicKey) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_oid(ExtensionOID.KEY_USAGE).value
    except x509.ExtensionNotFound:
        return True
    assert isinstance(usage, x509.KeyUsage)
    return usage.key_encipherment if isinstance(key, RSAPublicKey) else usage.key_agreement
