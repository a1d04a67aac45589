"""A private certificate authority for one test run."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

Public = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


class Authority:
    """Its certificate is folder/ca.pem; issue(name) writes name.pem and name.key there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("Scratch authority")
        usage = dict.fromkeys(("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"), False)
        usage |= dict.fromkeys(("key_agreement", "encipher_only", "decipher_only"), False)
        made = self._builder(self._name, self._key.public_key(), ca=True).add_extension(
            x509.KeyUsage(**usage, key_cert_sign=True, crl_sign=True),
            critical=True,  # Python asks for it since 3.13
        )
        certificate = made.sign(self._key, hashes.SHA256())
        self.certificate = self._write("ca.pem", certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str, *, days: tuple[int, int] = (-1, 2)) -> tuple[Path, Path]:
        """(certificate, key) for a host name, also good for 127.0.0.1; days: from when to when, from today."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        builder = self._builder(_named(name), key.public_key(), ca=False, days=days).add_extension(names, critical=False)
        certificate = builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return self._write(f"{name}.pem", certificate), self._write(f"{name}.key", private)

    def issue_for_mail(
        self,
        address: str,
        *,
        days: tuple[int, int] = (-1, 30),
        key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | None = None,
        more: tuple[x509.ExtensionType, ...] = (),
    ) -> tuple[Path, Path]:
        """(certificate, key) of a reader for S/MIME; days: from when to when it is good, from today; more: extensions."""
        key = key or rsa.generate_private_key(65537, 2048)
        builder = self._builder(_named(address), key.public_key(), ca=False, days=days)
        for extension in (x509.SubjectAlternativeName([x509.RFC822Name(address)]), *more):
            builder = builder.add_extension(extension, critical=False)
        certificate = builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return self._write(f"{address}.pem", certificate), self._write(f"{address}.key", private)

    def _builder(self, subject: x509.Name, public: Public, *, ca: bool, days: tuple[int, int] = (-1, 2)) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + timedelta(days=days[0]))
            .not_valid_after(now + timedelta(days=days[1]))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )

    def _write(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
