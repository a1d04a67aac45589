"""Envelopes that we write ourselves are opened by a program that is not ours, and by nobody else (RFC 5652, RFC 5083, RFC 5753)."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from civicmail.core.config.errors import UsageError
from civicmail.mail.courier import cms, readerkeys, sealing
from neighbours.authority import Authority

PAT = "pat@agency.example"
MAIL = b"From: ann@city.example\r\nTo: pat@agency.example\r\nSubject: your account\r\n\r\n" + b"0123456789abcde\r\n" * 9_000
GCM_IS_READ = x509.UnrecognizedExtension(
    x509.ObjectIdentifier("1.2.840.113549.1.9.15"), bytes.fromhex("301a300b0609608648016503040102300b060960864801650304012e")
)
"""SMIMECapabilities of a program that knows AES-128-CBC and AES-256-GCM."""
Issued = tuple[Path, Path]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def now() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)


def opened(folder: Path, sealed: bytes, issued: Issued, *form: str) -> subprocess.CompletedProcess[bytes]:
    (folder / "sealed").write_bytes(sealed)
    command = ["openssl", "cms", "-decrypt", *form, "-in", folder / "sealed", "-inkey", issued[1], "-recip", issued[0]]
    return subprocess.run(command, capture_output=True, check=False)


def read(issued: Issued) -> x509.Certificate:
    return x509.load_pem_x509_certificate(issued[0].read_bytes())


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda c: c.name)
def test_a_reader_with_an_elliptic_curve_has_smime_too(authority: Authority, tmp_path: Path, curve: ec.EllipticCurve) -> None:
    """R-735: their certificate is kept, and their own key opens the message."""
    issued = authority.issue_for_mail(PAT, key=ec.generate_private_key(curve))
    assert readerkeys.add(tmp_path, PAT, issued[0].read_bytes(), now()) == "smime"
    certificate = readerkeys.certificate(tmp_path, PAT, now())
    sealed = sealing.smime(MAIL, certificate, cms.cipher_for(certificate))
    assert b"smime-type=enveloped-data" in sealed and b"your account" not in sealed
    found = opened(tmp_path, sealed, issued)
    assert found.returncode == 0, found.stderr.decode()
    assert b"Subject: your account" in found.stdout and found.stdout.endswith(MAIL[-9_000:])


@pytest.mark.parametrize("key", ["rsa", "curve"])
def test_content_is_authenticated_where_the_readers_program_knows_it(authority: Authority, tmp_path: Path, key: str) -> None:
    """R-736: where the certificate says so, and nobody changes a bit of it; of whom nothing is known it is not tried."""
    made = rsa.generate_private_key(65537, 2048) if key == "rsa" else ec.generate_private_key(ec.SECP256R1())
    issued = authority.issue_for_mail(PAT, key=made, more=(GCM_IS_READ,))
    certificate = read(issued)
    assert cms.cipher_for(certificate) == cms.GCM
    assert cms.cipher_for(read(authority.issue_for_mail("lee@law.example", key=made))) == cms.CBC
    sealed = sealing.smime(MAIL, certificate, cms.GCM)
    assert b"smime-type=authenveloped-data" in sealed
    found = opened(tmp_path, sealed, issued)
    assert found.returncode == 0 and found.stdout.endswith(MAIL[-9_000:]), found.stderr.decode()
    bare = cms.enveloped(MAIL, certificate, cms.GCM)
    assert opened(tmp_path, bare, issued, "-inform", "DER", "-binary").stdout == MAIL
    for at in (-1, -1000):
        changed = bytearray(bare)
        changed[at] ^= 1
        assert opened(tmp_path, bytes(changed), issued, "-inform", "DER").returncode != 0


def test_a_key_that_is_weak_or_not_for_this_is_none(authority: Authority, tmp_path: Path) -> None:
    """R-737: then another way is taken, and nothing fails."""
    usage = dict.fromkeys(("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"), False)
    usage |= dict.fromkeys(("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False)
    signs = x509.KeyUsage(**usage | {"digital_signature": True})
    curve = ec.generate_private_key(ec.SECP256R1())
    cases = [
        (rsa.generate_private_key(65537, 1024), (), "too short"),
        (ec.generate_private_key(ec.SECP224R1()), (), "too short"),
        (curve, (signs,), "may not be used"),
        (curve, (x509.KeyUsage(**usage | {"key_encipherment": True}),), "may not be used"),
        (ed25519.Ed25519PrivateKey.generate(), (), "neither RSA nor"),
    ]
    for key, more, why in cases:
        issued = authority.issue_for_mail(PAT, key=key, more=more)  # type: ignore[arg-type]
        with pytest.raises(UsageError, match=why):
            readerkeys.add(tmp_path, PAT, issued[0].read_bytes(), now())
    agrees = authority.issue_for_mail(PAT, key=curve, more=(x509.KeyUsage(**usage | {"key_agreement": True}),))
    assert readerkeys.add(tmp_path, PAT, agrees[0].read_bytes(), now()) == "smime"
