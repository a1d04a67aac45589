"""Other people's signatures: keys made once, messages signed by dkimpy, which is not what we verify with."""

from __future__ import annotations

import base64
from functools import cache
from typing import Any

import dkim
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

MESSAGE = (
    b"From: Ann <ann@sender.example>\r\nTo: bob@city.example\r\nSubject: Hello  there\r\n"
    b"Date: Mon, 2 Mar 2026 12:00:00 +0000\r\nMessage-ID: <1@sender.example>\r\n\r\nHello \t Bob,\r\n\r\nbye\r\n\r\n\r\n"
)


@cache
def rsa(bits: int = 2048, number: int = 0) -> RSAPrivateKey:
    return generate_private_key(65537, bits)


@cache
def ed25519() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def public(key: Any) -> str:
    """What stands in p=."""
    if isinstance(key, Ed25519PrivateKey):
        return base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
    return base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def record(key: Any, **more: str) -> str:
    """A key record; more: tags that are added or, where they have its name, replaced."""
    kind = "ed25519" if isinstance(key, Ed25519PrivateKey) else "rsa"
    return "; ".join(f"{name}={value}" for name, value in {"v": "DKIM1", "k": kind, "p": public(key), **more}.items())


def signed(
    message: bytes = MESSAGE,
    *,
    domain: str = "sender.example",
    selector: str = "s1",
    key: Any = None,
    form: str = "relaxed/relaxed",
    **more: Any,
) -> bytes:
    """The message with a DKIM signature in front. more: as dkim.sign takes it."""
    key = key or rsa()
    if isinstance(key, Ed25519PrivateKey):
        secret = base64.b64encode(key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
        more["signature_algorithm"] = b"ed25519-sha256"
    else:
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    header, body = form.encode().split(b"/")
    field: bytes = dkim.sign(message, selector.encode(), domain.encode(), secret, canonicalize=(header, body), **more)
    return field + message
