"""The signed manifest: which bytes leave, and who approved exactly these."""

from __future__ import annotations

import json

import pytest

from civicmail.core.redaction import gate
from civicmail.core.redaction.balance import Balance
from civicmail.core.redaction.errors import NotReleasable
from civicmail.core.redaction.manifest import Approval, manifest_file, sign_manifest
from core.redaction.pdfs import SECRET
from core.redaction.test_gate import FORBIDDEN, plain

LOG = plain("Log.")
CERTIFICATES = (gate.Certificate("log.txt", gate.digest(b"Log."), (*gate.CHECKS, gate.BALANCE)),)
APPROVAL = Approval("PR-2026-00041 entry 977", frozenset({gate.digest(b"Log.")}))


def sign(manifest: bytes) -> bytes:
    return b"signature of %d" % len(manifest)


@pytest.mark.rule("promise 9", "A file leaves only under a signed manifest of bytes that a person approved.")
def test_r22_r23_a_signed_manifest_lets_certified_files_leave() -> None:
    certificates = gate.check([LOG], FORBIDDEN, ocr=None, balance=Balance(0))
    assert certificates == CERTIFICATES
    signed = sign_manifest(certificates, APPROVAL, sign, forbidden=FORBIDDEN, stamp=lambda manifest: b"stamp")
    assert gate.release(LOG, signed.certificates[0]) == b"Log."
    assert gate.release(manifest_file(signed), signed.certificates[-1]) == signed.manifest
    assert (signed.signature, signed.timestamp) == (sign(signed.manifest), b"stamp")
    assert json.loads(signed.manifest) == {
        "version": 1,
        "approval": APPROVAL.entry,
        "files": [{"name": "log.txt", "sha256": gate.digest(b"Log."), "checks": [*gate.CHECKS, gate.BALANCE]}],
    }


@pytest.mark.parametrize("hashes", [set(), {"0" * 64}, {gate.digest(b"Log."), "0" * 64}])
@pytest.mark.rule("promise 9", "A manifest is signed only for the bytes that were approved.")
def test_r23_an_approval_of_other_bytes_signs_nothing(hashes: set[str]) -> None:
    with pytest.raises(NotReleasable, match="approval"):
        sign_manifest(CERTIFICATES, Approval("entry 977", frozenset(hashes)), sign, forbidden=FORBIDDEN)


@pytest.mark.rule("promise 9", "Without a signature, and a time-stamp where there is a service, nothing leaves.")
def test_r22_an_unsigned_manifest_lets_nothing_leave() -> None:
    for signature, stamp in ((b"", None), (b"s", lambda _: b"")):
        with pytest.raises(NotReleasable, match="not signed"):
            sign_manifest(CERTIFICATES, APPROVAL, lambda _, s=signature: s, forbidden=FORBIDDEN, stamp=stamp)  # type: ignore[misc]
    with pytest.raises(NotReleasable, match="approval"):
        sign_manifest((), Approval("", frozenset()), sign, forbidden=FORBIDDEN)


def test_r22_the_manifest_itself_shows_no_forbidden_string() -> None:
    with pytest.raises(NotReleasable) as refused:
        sign_manifest(CERTIFICATES, Approval(f"by {SECRET}", APPROVAL.hashes), sign, forbidden=FORBIDDEN)
    assert SECRET not in str(refused.value)
