"""Content encrypted for the holder of one certificate, in DER: S/MIME's envelope (RFC 5652, RFC 5083). Does no I/O.

The library writes envelopes for RSA keys with AES-CBC alone, so the envelope is written here, and nothing of the cryptography. For
an elliptic curve the content key is wrapped by ephemeral Diffie-Hellman (RFC 5753). Where the certificate says that its reader's
program can open it, the content is authenticated, too (AES-GCM, RFC 5084), so that nobody changes it on its way.
"""

from __future__ import annotations

import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, keywrap, padding
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CBC, GCM = "AES-256-CBC", "AES-256-GCM"
_INTEGER, _BITS, _OCTETS, _NULL, _SEQUENCE, _SET = 0x02, 0x03, 0x04, b"\x05\x00", 0x30, 0x31
_BLOCK, _NONCE, _TAG, _KEY = 16, 12, 16, 32


def _der(tag: int, *contents: bytes) -> bytes:
    """One value (X.690 8.1, 10.1)."""
    content = b"".join(contents)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def _integer(number: int) -> bytes:
    return _der(_INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def _oid(dotted: str) -> bytes:
    """X.690 8.19."""
    first, second, *rest = map(int, dotted.split("."))
    out = bytearray()
    for arc in (first * 40 + second, *rest):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(arc & 0x7F | 0x80)
        out += bytes(reversed(groups))
    return _der(0x06, bytes(out))


def _context(number: int, *contents: bytes) -> bytes:
    """[number], constructed."""
    return _der(0xA0 | number, *contents)


_DATA, _ENVELOPED = _oid("1.2.840.113549.1.7.1"), _oid("1.2.840.113549.1.7.3")
_AUTHENTICATED = _oid("1.2.840.113549.1.9.16.1.23")
_AES_CBC, _AES_GCM, _AES_WRAP = (_oid(f"2.16.840.1.101.3.4.1.{arc}") for arc in (42, 46, 45))
_RSA, _EC = _oid("1.2.840.113549.1.1.1"), _oid("1.2.840.10045.2.1")
_ECDH_SHA256 = _oid("1.3.132.1.11.1")  # dhSinglePass-stdDH-sha256kdf-scheme (RFC 5753 7.1.4)
_CAPABILITIES = x509.ObjectIdentifier("1.2.840.113549.1.9.15")


def cipher_for(certificate: x509.Certificate) -> str:
    """CBC, or GCM where the certificate says so (SMIMECapabilities, RFC 4262): of a reader of whom nothing is known nobody may
    think that their program opens it (RFC 8551 2.7.1)."""
    try:
        said = certificate.extensions.get_extension_for_oid(_CAPABILITIES).value
    except x509.ExtensionNotFound:
        return CBC
    assert isinstance(said, x509.UnrecognizedExtension)
    return GCM if _der(_SEQUENCE, _AES_GCM) in said.value else CBC


def enveloped(content: bytes, certificate: x509.Certificate, cipher: str) -> bytes:
    """ContentInfo with EnvelopedData (CBC) or AuthEnvelopedData (GCM) for one recipient. Raises ValueError: a key of another
    kind."""
    key = os.urandom(_KEY)
    recipient, version = _recipient(certificate, key)
    recipients = _der(_SET, recipient)
    if cipher == GCM:
        nonce = os.urandom(_NONCE)
        sealed = AESGCM(key).encrypt(nonce, content, None)
        algorithm = _der(_SEQUENCE, _AES_GCM, _der(_SEQUENCE, _der(_OCTETS, nonce), _integer(_TAG)))
        mac = _der(_OCTETS, sealed[-_TAG:])
        body = _der(_SEQUENCE, _integer(0), recipients, _content(algorithm, sealed[:-_TAG]), mac)
        return _der(_SEQUENCE, _AUTHENTICATED, _context(0, body))
    vector = os.urandom(_BLOCK)
    algorithm = _der(_SEQUENCE, _AES_CBC, _der(_OCTETS, vector))
    body = _der(_SEQUENCE, _integer(version), recipients, _content(algorithm, _by_cbc(content, key, vector)))
    return _der(_SEQUENCE, _ENVELOPED, _context(0, body))


def _content(algorithm: bytes, sealed: bytes) -> bytes:
    """EncryptedContentInfo; the content is [0] IMPLICIT OCTET STRING, so its tag is not constructed."""
    return _der(_SEQUENCE, _DATA, algorithm, _der(0x80, sealed))


def _by_cbc(content: bytes, key: bytes, vector: bytes) -> bytes:
    pad, engine = padding.PKCS7(_BLOCK * 8).padder(), Cipher(algorithms.AES256(key), modes.CBC(vector)).encryptor()
    return engine.update(pad.update(content) + pad.finalize()) + engine.finalize()


def _recipient(certificate: x509.Certificate, key: bytes) -> tuple[bytes, int]:
    """RecipientInfo, and the version of an EnvelopedData with it (RFC 5652 6.1)."""
    public = certificate.public_key()
    named = _der(_SEQUENCE, certificate.issuer.public_bytes(), _integer(certificate.serial_number))
    if isinstance(public, RSAPublicKey):  # 6.2.1, RFC 3370 4.2.1
        wrapped = public.encrypt(key, PKCS1v15())
        return _der(_SEQUENCE, _integer(0), named, _der(_SEQUENCE, _RSA, _NULL), _der(_OCTETS, wrapped)), 0
    if isinstance(public, ec.EllipticCurvePublicKey):
        return _by_agreement(public, named, key), 2
    raise ValueError("its key is neither RSA nor of an elliptic curve")


def _by_agreement(public: ec.EllipticCurvePublicKey, named: bytes, key: bytes) -> bytes:
    """KeyAgreeRecipientInfo with an ephemeral key of the same curve (RFC 5652 6.2.2, RFC 5753 3.1)."""
    ours = ec.generate_private_key(public.curve)
    wrap = _der(_SEQUENCE, _AES_WRAP)
    shared_info = _der(_SEQUENCE, wrap, _context(2, _der(_OCTETS, (_KEY * 8).to_bytes(4, "big"))))  # RFC 5753 7.2
    wrapping = X963KDF(hashes.SHA256(), _KEY, shared_info).derive(ours.exchange(ec.ECDH(), public))
    point = ours.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    originator = _context(0, _context(1, _der(_SEQUENCE, _EC), _der(_BITS, b"\0", point)))
    wrapped = _der(_SEQUENCE, named, _der(_OCTETS, keywrap.aes_key_wrap(wrapping, key)))
    return _context(1, _integer(3), originator, _der(_SEQUENCE, _ECDH_SHA256, wrap), _der(_SEQUENCE, wrapped))
