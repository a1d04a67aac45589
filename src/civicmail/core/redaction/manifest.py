"""The signed manifest of a production: which bytes leave, what they passed, and who approved exactly these bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from civicmail.core.redaction.errors import NotReleasable
from civicmail.core.redaction.gate import SIGNED, Certificate, digest
from civicmail.core.redaction.leaks import ForbiddenStrings
from civicmail.core.redaction.shapes import ReleasedFile

NAME = "manifest.json"
VERSION = 1

Sign = Callable[[bytes], bytes]
"""(manifest) -> its signature."""
Stamp = Callable[[bytes], bytes]
"""(manifest) -> a time-stamp token about it (RFC 3161)."""


@dataclass(frozen=True, slots=True)
class Approval:
    """A person's approval of exactly these bytes. entry: the audit entry that records it; hashes: SHA-256 of each approved file."""

    entry: str
    hashes: frozenset[str]


@dataclass(frozen=True, slots=True)
class SignedManifest:
    """certificates: as before, and with the manifest; files beside the production: the manifest, its signature and its time-stamp,
    which is empty where there is no time-stamping service."""

    certificates: tuple[Certificate, ...]
    manifest: bytes
    signature: bytes
    timestamp: bytes


def sign_manifest(
    certificates: Sequence[Certificate],
    approval: Approval,
    sign: Sign,
    *,
    forbidden: Collection[str],
    allowed: Collection[str] = (),
    stamp: Stamp | None = None,
) -> SignedManifest:
    """(h) Sign the manifest of certified files.

    Raises NotReleasable where the approval is about other bytes, or nothing was signed.
    """
    if frozenset(certificate.sha256 for certificate in certificates) != approval.hashes or not certificates:
        raise NotReleasable(["The approval is about other files than those that passed the gate."])
    manifest = manifest_of(certificates, approval)
    if ForbiddenStrings(forbidden, allowed).find(f"{approval.entry} {' '.join(c.name for c in certificates)}"):
        raise NotReleasable(["The manifest shows a forbidden string."])
    signature = sign(manifest)
    timestamp = stamp(manifest) if stamp else b""
    if not signature or (stamp and not timestamp):
        raise NotReleasable(["The manifest is not signed, or has no time-stamp."])
    signed = (*certificates, Certificate(NAME, digest(manifest), certificates[0].checks))
    return SignedManifest(
        tuple(replace(certificate, checks=(*certificate.checks, SIGNED)) for certificate in signed), manifest, signature, timestamp
    )


def manifest_of(certificates: Sequence[Certificate], approval: Approval) -> bytes:
    """The manifest as canonical JSON: the same files make the same bytes."""
    files = [{"checks": list(c.checks), "name": c.name, "sha256": c.sha256} for c in sorted(certificates, key=lambda c: c.name)]
    content = {"approval": approval.entry, "files": files, "version": VERSION}
    return json.dumps(content, sort_keys=True, ensure_ascii=False, indent=1).encode() + b"\n"


def manifest_file(signed: SignedManifest) -> ReleasedFile:
    """The manifest as a file; its certificate is the last of the signed ones."""
    return ReleasedFile(NAME, "application/json", signed.manifest, ())
