"""Envelopes that we write ourselves are opened by a program that is not ours, and by nobody else (RFC 5652, RFC 5083, RFC 5753)."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.config.errors import UsageError
from civicmail.mail.courier import cms, der, encrypted_message, recipient_keys
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


@pytest.mark.rule("P-19", "A reader whose certificate has a key on an elliptic curve has S/MIME, too (RFC 5753).")
@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda c: c.name)
def test_a_reader_with_an_elliptic_curve_has_smime_too(authority: Authority, tmp_path: Path, curve: ec.EllipticCurve) -> None:
    """Their certificate is kept, and their own key opens the message."""
    issued = authority.issue_for_mail(PAT, key=ec.generate_private_key(curve))
    assert recipient_keys.add(tmp_path, PAT, issued[0].read_bytes(), now()) == "smime"
    certificate = recipient_keys.certificate(tmp_path, PAT, now())
    sealed = encrypted_message.smime(MAIL, certificate, cms.cipher_for(certificate))
    assert b"smime-type=enveloped-data" in sealed and b"your account" not in sealed
    found = opened(tmp_path, sealed, issued)
    assert found.returncode == 0, found.stderr.decode()
    assert b"Subject: your account" in found.stdout and found.stdout.endswith(MAIL[-9_000:])


@pytest.mark.rule(
    "P-19",
    "Content is authenticated if the certificate states that its reader's program supports that (RFC 5083, RFC 5084), and "
    "only then.",
)
@pytest.mark.parametrize("key", ["rsa", "curve"])
def test_content_is_authenticated_where_the_readers_program_knows_it(authority: Authority, tmp_path: Path, key: str) -> None:
    """Where the certificate says so, and nobody changes a bit of it; of whom nothing is known it is not tried."""
    made = rsa.generate_private_key(65537, 2048) if key == "rsa" else ec.generate_private_key(ec.SECP256R1())
    issued = authority.issue_for_mail(PAT, key=made, more=(GCM_IS_READ,))
    certificate = read(issued)
    assert cms.cipher_for(certificate) == cms.GCM
    assert cms.cipher_for(read(authority.issue_for_mail("lee@law.example", key=made))) == cms.CBC
    sealed = encrypted_message.smime(MAIL, certificate, cms.GCM)
    assert b"smime-type=authenveloped-data" in sealed
    found = opened(tmp_path, sealed, issued)
    assert found.returncode == 0 and found.stdout.endswith(MAIL[-9_000:]), found.stderr.decode()
    bare = cms.enveloped(MAIL, certificate, cms.GCM)
    assert opened(tmp_path, bare, issued, "-inform", "DER", "-binary").stdout == MAIL
    for at in (-1, -1000):
        changed = bytearray(bare)
        changed[at] ^= 1
        assert opened(tmp_path, bytes(changed), issued, "-inform", "DER").returncode != 0


OAEP, SHA256 = der.oid("1.2.840.113549.1.1.7"), der.value(der.SEQUENCE, der.oid("2.16.840.1.101.3.4.2.1"), der.NULL)
MASK = der.value(der.SEQUENCE, der.oid("1.2.840.113549.1.1.8"), SHA256)
PARAMS = {
    "none": b"",
    "sha1": der.value(der.SEQUENCE),
    "sha256": der.value(der.SEQUENCE, der.context(0, SHA256), der.context(1, MASK)),
}
UNKNOWN = der.value(der.SEQUENCE, der.context(5, der.NULL))


def for_oaep_alone(issued: Issued, params: bytes) -> Issued:
    """The certificate with a key of the kind id-RSAES-OAEP. Nobody signs it anew: no authority is asked about readers' keys."""
    version, *fields = [whole for _, _, whole in der.values(der.only(read(issued).tbs_certificate_bytes, der.SEQUENCE))]
    _, (_, _, bits) = der.values(der.only(fields[5], der.SEQUENCE))
    fields[5] = der.value(der.SEQUENCE, der.value(der.SEQUENCE, OAEP, params), bits)
    _, *rest = [whole for _, _, whole in der.values(der.only(read(issued).public_bytes(Encoding.DER), der.SEQUENCE))]
    made = der.value(der.SEQUENCE, der.value(der.SEQUENCE, version, *fields), *rest)
    issued[0].write_bytes(x509.load_der_x509_certificate(made).public_bytes(Encoding.PEM))
    return issued


@pytest.mark.rule("P-19", "A key for OAEP alone is used so, with the parameters of its certificate.")
@pytest.mark.parametrize("params", PARAMS.values(), ids=PARAMS)
@pytest.mark.parametrize("cipher", [cms.CBC, cms.GCM])
def test_a_key_for_oaep_alone_is_used_so(authority: Authority, tmp_path: Path, params: bytes, cipher: str) -> None:
    """With the parameters that its certificate names (RFC 4055), and its own key opens the message."""
    issued = for_oaep_alone(authority.issue_for_mail(PAT), params)
    assert recipient_keys.add(tmp_path, PAT, issued[0].read_bytes(), now()) == "smime"
    sealed = cms.enveloped(MAIL, recipient_keys.certificate(tmp_path, PAT, now()), cipher)
    assert OAEP in sealed
    (tmp_path / "sealed").write_bytes(sealed)
    command = ["openssl", "cms", "-decrypt", "-inform", "DER", "-binary", "-in", tmp_path / "sealed", "-inkey", issued[1]]
    found = subprocess.run(command, capture_output=True, check=False)
    assert found.returncode == 0 and found.stdout == MAIL, found.stderr.decode()


@pytest.mark.rule("P-19", "OAEP is used if the reader's program lists it, and never by a guess.")
def test_oaep_is_used_where_the_readers_program_lists_it(authority: Authority, tmp_path: Path) -> None:
    """Among its capabilities (RFC 8551 2.5.2); who lists nothing, or what is not known, gets what everybody opens."""
    key = rsa.generate_private_key(65537, 2048)

    def listing(params: bytes) -> Issued:
        listed = der.value(der.SEQUENCE, der.value(der.SEQUENCE, OAEP, params))
        return authority.issue_for_mail(PAT, key=key, more=(x509.UnrecognizedExtension(GCM_IS_READ.oid, listed),))

    issued = listing(PARAMS["sha256"])
    sealed = encrypted_message.smime(MAIL, read(issued), cms.CBC)
    found = opened(tmp_path, sealed, issued)
    assert found.returncode == 0 and found.stdout.endswith(MAIL[-9_000:]), found.stderr.decode()
    assert OAEP in cms.enveloped(MAIL, read(issued), cms.CBC)
    for other in (listing(UNKNOWN), listing(b"\x30"), authority.issue_for_mail(PAT, key=key)):
        assert OAEP not in cms.enveloped(MAIL, read(other), cms.CBC)


@given(st.binary(max_size=200))
def test_whatever_stands_in_a_certificate_is_der_or_not(content: bytes) -> None:
    """No other error, no loop; and what was written is read."""
    with suppress(ValueError):
        assert b"".join(whole for _, _, whole in der.values(content)) == content
    assert [(tag, inner) for tag, inner, _ in der.values(der.value(der.OCTETS, content))] == [(der.OCTETS, content)]


@pytest.mark.rule("P-19", "A key that is short, of another kind or not for encrypting is none.")
def test_a_key_that_is_weak_or_not_for_this_is_none(authority: Authority, tmp_path: Path) -> None:
    """Then another way is taken, and nothing fails."""
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
            recipient_keys.add(tmp_path, PAT, issued[0].read_bytes(), now())
    agrees = authority.issue_for_mail(PAT, key=curve, more=(x509.KeyUsage(**usage | {"key_agreement": True}),))
    assert recipient_keys.add(tmp_path, PAT, agrees[0].read_bytes(), now()) == "smime"
    strange = for_oaep_alone(authority.issue_for_mail(PAT), UNKNOWN)
    with pytest.raises(UsageError, match="parameters"):
        recipient_keys.add(tmp_path, PAT, strange[0].read_bytes(), now())


@pytest.mark.rule("P-19", "Header fields that reveal the subject of a message are inside the encrypted part (RFC 9788).")
def test_what_says_what_a_message_is_about_is_inside() -> None:
    """RFC 9788 3.2.1: the subject as Outlook writes it once more, keywords and comments, too."""
    header = b"From: a@city.example\r\nSubject: Divorce of Pat\r\nThread-Topic: Divorce of Pat\r\n"
    header += b"Keywords: divorce\r\nComments: about\r\n the divorce\r\nX-Mailer: x\r\n"
    outside, inside = encrypted_message.split_protected(header + b"\r\nBody\r\n")
    assert b"ivorce" not in outside and b"X-Mailer: x\r\n" in outside and b"Subject: [...]\r\n" in outside
    assert inside.count(b"ivorce") == 4 and b"Thread-Topic: Divorce of Pat\r\n" in inside
