"""Content encrypted for the holder of one certificate, in DER: S/MIME's envelope (RFC 5652, RFC 5083). Does no I/O.

The library writes envelopes only for RSA keys with AES-CBC, so this module writes the envelope and leaves the cryptography to the
library. For an elliptic curve, ephemeral Diffie-Hellman wraps the content key (RFC 5753). If the certificate says that the reader's
program supports it, the content is also authenticated (AES-GCM, RFC 5084), so that nobody can change it in transit. rsakeys.py
encrypts the content key for an RSA key.
"""

from __future__ import annotations

import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, keywrap, padding
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from civicmail.mail.courier import der, rsakeys

CBC, GCM = "AES-256-CBC", "AES-256-GCM"
_BLOCK, _NONCE, _TAG, _KEY = 16, 12, 16, 32

_DATA, _ENVELOPED = der.oid("1.2.840.113549.1.7.1"), der.oid("1.2.840.113549.1.7.3")
_AUTHENTICATED = der.oid("1.2.840.113549.1.9.16.1.23")
_AES_CBC, _AES_GCM, _AES_WRAP = (der.oid(f"2.16.840.1.101.3.4.1.{arc}") for arc in (42, 46, 45))
_EC = der.oid("1.2.840.10045.2.1")
_ECDH_SHA256 = der.oid("1.3.132.1.11.1")  # dhSinglePass-stdDH-sha256kdf-scheme (RFC 5753 7.1.4)


def cipher_for(certificate: x509.Certificate) -> str:
    """CBC, or GCM if the certificate lists it (SMIMECapabilities, RFC 4262): without that nobody may assume that the reader's
    program supports it (RFC 8551 2.7.1)."""
    return GCM if any(kind == _AES_GCM for kind, _ in rsakeys.capabilities(certificate)) else CBC


def key_of(certificate: x509.Certificate) -> CertificatePublicKeyTypes:
    """The public key of a certificate, also one for OAEP alone. Raises UnsupportedAlgorithm, ValueError."""
    return rsakeys.oaep_key(certificate) or certificate.public_key()


def enveloped(content: bytes, certificate: x509.Certificate, cipher: str) -> bytes:
    """ContentInfo with EnvelopedData (CBC) or AuthEnvelopedData (GCM) for one recipient. Raises ValueError: a key of another
    kind."""
    key = os.urandom(_KEY)
    recipient, version = _recipient(certificate, key)
    recipients = der.value(der.SET, recipient)
    if cipher == GCM:
        nonce = os.urandom(_NONCE)
        sealed = AESGCM(key).encrypt(nonce, content, None)
        algorithm = der.value(der.SEQUENCE, _AES_GCM, der.value(der.SEQUENCE, der.value(der.OCTETS, nonce), der.integer(_TAG)))
        mac = der.value(der.OCTETS, sealed[-_TAG:])
        body = der.value(der.SEQUENCE, der.integer(0), recipients, _content(algorithm, sealed[:-_TAG]), mac)
        return der.value(der.SEQUENCE, _AUTHENTICATED, der.context(0, body))
    vector = os.urandom(_BLOCK)
    algorithm = der.value(der.SEQUENCE, _AES_CBC, der.value(der.OCTETS, vector))
    body = der.value(der.SEQUENCE, der.integer(version), recipients, _content(algorithm, _by_cbc(content, key, vector)))
    return der.value(der.SEQUENCE, _ENVELOPED, der.context(0, body))


def _content(algorithm: bytes, sealed: bytes) -> bytes:
    """EncryptedContentInfo; the content is [0] IMPLICIT OCTET STRING, so its tag is not constructed."""
    return der.value(der.SEQUENCE, _DATA, algorithm, der.value(0x80, sealed))


def _by_cbc(content: bytes, key: bytes, vector: bytes) -> bytes:
    pad, engine = padding.PKCS7(_BLOCK * 8).padder(), Cipher(algorithms.AES256(key), modes.CBC(vector)).encryptor()
    return engine.update(pad.update(content) + pad.finalize()) + engine.finalize()


def _recipient(certificate: x509.Certificate, key: bytes) -> tuple[bytes, int]:
    """RecipientInfo, and the version of an EnvelopedData with it (RFC 5652 6.1)."""
    public = key_of(certificate)
    named = der.value(der.SEQUENCE, certificate.issuer.public_bytes(), der.integer(certificate.serial_number))
    if isinstance(public, RSAPublicKey):  # 6.2.1
        way = rsakeys.transport_for(certificate)
        wrapped = public.encrypt(key, way.padding)
        return der.value(der.SEQUENCE, der.integer(0), named, way.algorithm, der.value(der.OCTETS, wrapped)), 0
    if isinstance(public, ec.EllipticCurvePublicKey):
        return _by_agreement(public, named, key), 2
    raise ValueError("its key is neither RSA nor of an elliptic curve")


def _by_agreement(public: ec.EllipticCurvePublicKey, named: bytes, key: bytes) -> bytes:
    """KeyAgreeRecipientInfo with an ephemeral key of the same curve (RFC 5652 6.2.2, RFC 5753 3.1)."""
    ours = ec.generate_private_key(public.curve)
    wrap = der.value(der.SEQUENCE, _AES_WRAP)
    shared_info = der.value(
        der.SEQUENCE, wrap, der.context(2, der.value(der.OCTETS, (_KEY * 8).to_bytes(4, "big")))
    )  # RFC 5753 7.2
    wrapping = X963KDF(hashes.SHA256(), _KEY, shared_info).derive(ours.exchange(ec.ECDH(), public))
    point = ours.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    originator = der.context(0, der.context(1, der.value(der.SEQUENCE, _EC), der.value(der.BITS, b"\0", point)))
    wrapped = der.value(der.SEQUENCE, named, der.value(der.OCTETS, keywrap.aes_key_wrap(wrapping, key)))
    return der.context(1, der.integer(3), originator, der.value(der.SEQUENCE, _ECDH_SHA256, wrap), der.value(der.SEQUENCE, wrapped))
