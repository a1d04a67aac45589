"""STARTTLS, implicit TLS and client certificates, with certificates that the test makes (P-23)."""

from __future__ import annotations

import datetime
import os
import shutil
import smtplib
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from civicmail.core.config.settings import Listener
from civicmail.mail.gateway.errors import ListenerError
from mail.gateway.running import Client, kept, running, settings_for


def make(folder: Path, name: str, issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None) -> tuple:
    """A certificate and its key, also as NAME.pem and NAME.key; without issuer an authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(True, False, False, False, False, issuer is None, issuer is None, False, False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    signer = issuer[1] if issuer else key
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    certificate = builder.sign(signer, hashes.SHA256())
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, key


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    authority = make(folder, "ca")
    make(folder, "server", authority)
    make(folder, "printer", authority)
    make(folder, "stranger", make(folder, "other"))
    return folder


def listener(folder: Path, **more: object) -> Listener:
    return Listener(port=0, certificate=str(folder / "server.pem"), key=str(folder / "server.key"), **more)  # type: ignore[arg-type]


def context(folder: Path, client: str = "") -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    if client:
        made.load_cert_chain(folder / f"{client}.pem", folder / f"{client}.key")
    return made


def test_starttls_protects_the_message_and_the_archive_knows(data: Path, certificates: Path) -> None:
    with running(data, settings_for(listener(certificates))) as run:
        with smtplib.SMTP("localhost", run.port, timeout=60) as client:
            client.ehlo()
            assert client.has_extn("starttls")
            client.starttls(context=context(certificates))
            client.ehlo()
            assert not client.has_extn("starttls")
            for size in (5, 40_000):
                client.sendmail("a@out.example", ["b@city.example"], "Subject: x\n\n" + "line of a large mail\n" * size)
        captures = kept(data)
        assert [c.envelope.tls[:7] for c, _ in captures] == ["TLSv1.3", "TLSv1.3"]
        assert captures[1][1].endswith(b"line of a large mail\r\n") and captures[1][0].size == 40_000 * 22 + 14
        assert run.counters.tls == 1 and run.counters.open in (0, 1)


def test_implicit_tls_begins_before_the_greeting_and_offers_no_starttls(data: Path, certificates: Path) -> None:
    with running(data, settings_for(listener(certificates, tls="implicit"))) as run:
        with smtplib.SMTP_SSL("localhost", run.port, timeout=60, context=context(certificates)) as client:
            client.ehlo()
            assert not client.has_extn("starttls")
            client.sendmail("a@out.example", ["b@city.example"], "Subject: x\n\n")
        ((capture, _),) = kept(data)
        assert capture.envelope.tls.startswith("TLSv1.")


@pytest.mark.rule("P-23", "Commands after STARTTLS in clear text never run under TLS.")
def test_a_command_behind_starttls_never_runs(data: Path, certificates: Path) -> None:
    with running(data, settings_for(listener(certificates))) as run, Client(run.port) as client:
        client.reply()
        client.say(b"EHLO x")
        client.send(b"STARTTLS\r\nMAIL FROM:<attacker@out.example>\r\n")
        assert client.reply() == "554 5.5.0 SMTP protocol synchronization" and client.reply() == ""
        assert run.counters.synchronisation == 1


def test_plain_bytes_instead_of_a_handshake_end_the_connection(data: Path, certificates: Path) -> None:
    with running(data, settings_for(listener(certificates))) as run, Client(run.port) as client:
        client.reply()
        assert client.say(b"STARTTLS") == "220 2.0.0 Ready to start TLS"
        client.send(b"MAIL FROM:<attacker@out.example>\r\n" * 20)
        run.wait_for(lambda: run.counters.tls_failed == 1 and run.counters.open == 0)
        assert not run.gateway.gate.conversations


@pytest.mark.parametrize(("client_name", "code"), [("printer", 250), ("", 530)])
def test_a_relay_knows_its_peers_by_certificate(client_name: str, code: int, data: Path, certificates: Path) -> None:
    relay = listener(certificates, kind="relay", peers=["198.51.100.0/24"], client_ca=str(certificates / "ca.pem"))
    with running(data, settings_for(relay)) as run, smtplib.SMTP("localhost", run.port, timeout=60) as client:
        client.ehlo()
        assert client.docmd("MAIL", "FROM:<a@city.example>")[0] == 530  # not yet known
        client.starttls(context=context(certificates, client_name))
        client.ehlo()
        assert client.docmd("MAIL", "FROM:<a@city.example>")[0] == code


def test_a_renewed_certificate_is_used_without_a_restart(data: Path, tmp_path: Path, certificates: Path) -> None:
    for name in ("server.pem", "server.key"):
        shutil.copy(certificates / name, tmp_path / name)
    with running(data, settings_for(listener(tmp_path, tls="implicit"))) as run:
        assert server_certificate(run.port) == (tmp_path / "server.pem").read_text()
        make(tmp_path, "server", make(tmp_path, "other"))
        os.utime(tmp_path / "server.pem", (1, 1))
        run.call(lambda: run.gateway._endpoints[0].certificate.renew(1e12))
        assert server_certificate(run.port) == (tmp_path / "server.pem").read_text()
        (tmp_path / "server.key").write_text("no key")
        with pytest.raises(ListenerError):
            run.call(lambda: run.gateway._endpoints[0].certificate.renew(2e12))
        assert server_certificate(run.port) == (tmp_path / "server.pem").read_text()


def server_certificate(port: int) -> str:
    unverified = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
    with smtplib.SMTP_SSL("localhost", port, timeout=60, context=unverified) as client:
        return ssl.DER_cert_to_PEM_cert(client.sock.getpeercert(binary_form=True))


def test_a_certificate_of_another_authority_is_no_peer(data: Path, certificates: Path) -> None:
    relay = listener(certificates, kind="relay", peers=["198.51.100.0/24"], client_ca=str(certificates / "ca.pem"))
    with running(data, settings_for(relay)) as run:
        with pytest.raises((ssl.SSLError, OSError, smtplib.SMTPServerDisconnected)), smtplib.SMTP("localhost", run.port) as client:
            client.ehlo()
            client.starttls(context=context(certificates, "stranger"))
            client.ehlo()
        run.wait_for(lambda: run.counters.open == 0)
        assert run.counters.tls_failed == 1 and run.counters.tls == 0
