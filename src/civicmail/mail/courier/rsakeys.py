"""Encrypt a content key for a reader's RSA key: by PKCS #1 v1.5, which every program supports, or by OAEP if the certificate says
so (RFC 4055, RFC 8551 2.3 and 2.5.2). Does no I/O.

The certificate says so by the kind of its key (id-RSAES-OAEP: for nothing else), or in the list of the program's capabilities
(SMIMECapabilities, RFC 4262). Of the listed parameters the first known ones are used unchanged.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, AsymmetricPadding, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from civicmail.mail.courier import der

_RSA, _OAEP = der.oid("1.2.840.113549.1.1.1"), der.oid("1.2.840.113549.1.1.7")
_MGF1, _NO_LABEL = der.oid("1.2.840.113549.1.1.8"), der.oid("1.2.840.113549.1.1.9")
_HASHES: dict[bytes, hashes.HashAlgorithm] = {
    der.oid("2.16.840.1.101.3.4.2.1"): hashes.SHA256(),
    der.oid("2.16.840.1.101.3.4.2.2"): hashes.SHA384(),
    der.oid("2.16.840.1.101.3.4.2.3"): hashes.SHA512(),
    der.oid("1.3.14.3.2.26"): hashes.SHA1(),  # noqa: S303 - the default of RFC 4055; that it collides does not weaken OAEP
}
_CAPABILITIES = x509.ObjectIdentifier("1.2.840.113549.1.9.15")
_SHA256 = der.value(der.SEQUENCE, der.oid("2.16.840.1.101.3.4.2.1"), der.NULL)
_OURS = der.value(der.SEQUENCE, der.context(0, _SHA256), der.context(1, der.value(der.SEQUENCE, _MGF1, _SHA256)))
"""RSAES-OAEP-params with SHA-256, where the reader names none."""


@dataclass(frozen=True, slots=True)
class KeyTransport:
    """algorithm: KeyEncryptionAlgorithmIdentifier, in DER."""

    algorithm: bytes
    padding: AsymmetricPadding


PLAIN = KeyTransport(der.value(der.SEQUENCE, _RSA, der.NULL), PKCS1v15())
"""RFC 3370 4.2.1."""


def transport_for(certificate: x509.Certificate) -> KeyTransport:
    """Raises ValueError where a key is for OAEP alone, with parameters that we do not know."""
    kind, params, _ = _subject_key(certificate)
    if kind == _OAEP:
        return _oaep(params)
    for kind, params in capabilities(certificate):
        if kind == _OAEP:
            with suppress(ValueError):
                return _oaep(params)
    return PLAIN


def capabilities(certificate: x509.Certificate) -> list[tuple[bytes, bytes]]:
    """(kind, parameters) of each SMIMECapability, in the order in which the reader wants them; none where they are broken."""
    try:
        extension = certificate.extensions.get_extension_for_oid(_CAPABILITIES).value
        assert isinstance(extension, x509.UnrecognizedExtension)
        return [_algorithm(content) for _, content, _ in der.values(der.only(extension.value, der.SEQUENCE))]
    except (x509.ExtensionNotFound, ValueError):
        return []


def oaep_key(certificate: x509.Certificate) -> RSAPublicKey | None:
    """The key of a certificate whose key is for OAEP alone, which the library does not read; None for every other one. Raises
    ValueError."""
    kind, _, bits = _subject_key(certificate)
    if kind != _OAEP:
        return None
    plain = der.value(der.SEQUENCE, PLAIN.algorithm, der.value(der.BITS, bits))
    key = load_der_public_key(plain)
    assert isinstance(key, RSAPublicKey)
    return key


def _subject_key(certificate: x509.Certificate) -> tuple[bytes, bytes, bytes]:
    """Kind, parameters and bits of its key (RFC 5280 4.1). Raises ValueError."""
    fields = list(der.values(der.only(certificate.tbs_certificate_bytes, der.SEQUENCE)))
    place = 6 if fields and fields[0][0] == 0xA0 else 5  # the version is written where it is not the first
    if len(fields) <= place:
        raise ValueError("no certificate")
    algorithm, bits = list(der.values(fields[place][1]))
    return *_algorithm(algorithm[1]), bits[1]


def _algorithm(content: bytes) -> tuple[bytes, bytes]:
    """Kind and parameters of an AlgorithmIdentifier, b"" for none. Raises ValueError."""
    kind, *params = list(der.values(content))
    return kind[2], params[0][2] if params else b""


def _oaep(params: bytes) -> KeyTransport:
    """The padding. params: unchanged RSAES-OAEP-params, or nothing (RFC 4055 4.1). Raises ValueError for unknown ones."""
    params = params if params not in (b"", der.NULL) else _OURS
    fields = {tag: content for tag, content, _ in der.values(der.only(params, der.SEQUENCE))}
    if fields.keys() - {0xA0, 0xA1, 0xA2}:
        raise ValueError("unknown parameters of OAEP")
    digest = _hash(fields[0xA0]) if 0xA0 in fields else hashes.SHA1()  # noqa: S303 - as above
    mask = _mask(fields[0xA1]) if 0xA1 in fields else hashes.SHA1()  # noqa: S303 - as above
    if 0xA2 in fields and der.only(fields[0xA2], der.SEQUENCE) != _NO_LABEL + der.value(der.OCTETS):
        raise ValueError("OAEP with a label")
    return KeyTransport(der.value(der.SEQUENCE, _OAEP, params), OAEP(MGF1(mask), digest, None))


def _hash(algorithm: bytes) -> hashes.HashAlgorithm:
    kind, _ = _algorithm(der.only(algorithm, der.SEQUENCE))
    if kind not in _HASHES:
        raise ValueError("an unknown hash")
    return _HASHES[kind]


def _mask(algorithm: bytes) -> hashes.HashAlgorithm:
    kind, hash_ = _algorithm(der.only(algorithm, der.SEQUENCE))
    if kind != _MGF1:
        raise ValueError("an unknown mask")
    return _hash(hash_)
