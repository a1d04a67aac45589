"""Verify DKIM signatures (RFC 6376, 8301, 8463). All signatures of a message are tried."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from civicmail.mail.screening import tags
from civicmail.mail.screening.resolver import Resolver, TemporaryFailure
from civicmail.mail.screening.signatures import Signature

Result = Literal["pass", "fail", "none", "temperror", "permerror"]
Key = RSAPublicKey | Ed25519PublicKey

MIN_BITS, MAX_BITS, BITS_WEAK = 1024, 4096, 2048
"""RSA key sizes: smaller keys do not count (RFC 8301 3.2), larger ones are not tried, and a pass below the third is weak."""
_MAX_EXPONENT = 1 << 33
MAX_LOOKUPS = 2
"""Concurrent key lookups of one message, so that names that hang do not block the resolver for others."""
_SLOP = 3600  # seconds that clocks may differ
_BEST: tuple[Result, ...] = ("pass", "temperror", "fail", "permerror")
_SHA256 = Prehashed(SHA256())


@dataclass(frozen=True, slots=True)
class Verdict:
    """aligned: whether it may count for its domain in DMARC; bits: of an RSA key; why: in words."""

    result: Result
    signature: Signature
    why: str = ""
    bits: int = 0
    aligned: bool = False
    ours: bool = False


async def verify(resolver: Resolver, signatures: Sequence[Signature], now: int, *, seconds: float) -> list[Verdict]:
    """A verdict for each signature. now: epoch seconds; seconds: for all lookups together."""
    until, room = asyncio.get_running_loop().time() + seconds, asyncio.Semaphore(MAX_LOOKUPS)

    async def one(signature: Signature) -> Verdict:
        async with room:
            return await _verdict(resolver, signature, now, until)

    return list(await asyncio.gather(*map(one, signatures)))


async def _verdict(resolver: Resolver, signature: Signature, now: int, until: float) -> Verdict:
    if signature.wrong:
        return Verdict("fail" if signature.broken else "permerror", signature, signature.wrong)
    if -1 < signature.expires < now - _SLOP:
        return Verdict("fail", signature, "it has expired")
    if signature.signed > now + _SLOP or -1 < signature.expires < signature.signed:
        return Verdict("fail", signature, "it was signed in the future")
    return await holds(resolver, signature, until)


async def holds(resolver: Resolver, signature: Signature, until: float) -> Verdict:
    """Whether the signature verifies with the published key. until: time of the loop's clock."""
    try:
        async with asyncio.timeout_at(until):
            answer = await resolver.ask(f"{signature.selector}._domainkey.{signature.domain}", "TXT")
    except TimeoutError:
        return Verdict("temperror", signature, "no key: no answer in time")
    except TemporaryFailure as error:
        return Verdict("temperror", signature, f"no key: {error.why}", ours=error.ours)
    if len(answer.values) != 1:  # RFC 6376 3.6.2.2: of several none is defined to count
        return Verdict("permerror", signature, "several keys are published" if answer.values else "no key is published")
    key, why = read_key(answer.values[0], signature)
    if key is None:
        return Verdict("permerror", signature, why)
    bits = key.key_size if isinstance(key, RSAPublicKey) else 0
    if not _holds(key, signature):
        return Verdict("fail", signature, "it does not hold", bits)
    return Verdict("pass", signature, "only a part is signed" if signature.partial else "", bits, not signature.partial)


def read_key(record: str, signature: Signature) -> tuple[Key | None, str]:
    """The key of a record (RFC 6376 3.6.1), or why it does not fit this signature."""
    fields = tags.read(record)
    if fields is None or fields.get("v", "DKIM1") != "DKIM1" or ("v" in fields and next(iter(fields)) != "v"):
        return None, "the key record cannot be read"
    if "h" in fields and "sha256" not in tags.names(fields["h"]):
        return None, "the key is not for SHA-256"
    if "s" in fields and not {"*", "email"} & set(tags.names(fields["s"])):
        return None, "the key is not for mail"
    if signature.below and "s" in tags.names(fields.get("t", "")):
        return None, "the key is not for subdomains"
    if not tags.packed(fields.get("p", "")):
        return None, "the key was revoked" if "p" in fields else "the key record has no key"
    kind = fields.get("k", "rsa").lower()
    if kind != signature.algorithm.partition("-")[0]:
        return None, "the key is of another kind"
    return _key(kind, tags.packed(fields["p"]))


@lru_cache(maxsize=512)
def _key(kind: str, encoded: str) -> tuple[Key | None, str]:
    try:
        raw = base64.b64decode(encoded, validate=True)
        if kind == "ed25519":
            return Ed25519PublicKey.from_public_bytes(raw), ""
        key = load_der_public_key(raw)
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        return None, "the key cannot be read"
    if not isinstance(key, RSAPublicKey):
        return None, "the key is of another kind"
    if not MIN_BITS <= key.key_size <= MAX_BITS or key.public_numbers().e > _MAX_EXPONENT:
        return None, f"the key has {key.key_size} bits"
    return key, ""


def _holds(key: Key, signature: Signature) -> bool:
    made, digest = base64.b64decode(signature.signature), bytes.fromhex(signature.digest)
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(made, digest)  # RFC 8463 3: over the SHA-256
        else:
            key.verify(made, digest, PKCS1v15(), _SHA256)
    except InvalidSignature:
        return False
    return True


def result(verdicts: Sequence[Verdict]) -> Result:
    """One result for all signatures: the best (RFC 6376 6.1 lets a verifier stop at the first that passes)."""
    results = {verdict.result for verdict in verdicts}
    return next((word for word in _BEST if word in results), "none")
