"""A server for which an authority vouches that signed records of the DNS name (DANE-TA; RFC 7671 5.2, RFC 7672 3.1.2)."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from civicmail.core.config.settings import Secure
from civicmail.mail.courier import dane
from civicmail.mail.courier.dane import Tlsa
from civicmail.mail.courier.verified_tls import Unverified, VerifiedTls
from mail.courier.test_secure_delivery import HERE, OFFERS, Zone
from neighbours.authority import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("named"))


def der(path: Path) -> bytes:
    return x509.load_pem_x509_certificate(path.read_bytes()).public_bytes(Encoding.DER)


def key_of(certificate: bytes) -> bytes:
    public = x509.load_der_x509_certificate(certificate).public_key()
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def server(issuer: Authority, name: str, sent: Path | None) -> ssl.SSLContext:
    """A server with a certificate of this authority; sent: a certificate that it sends behind its own."""
    leaf, key = issuer.issue(name)
    chain = issuer.folder / f"{name}.chain"
    chain.write_bytes(leaf.read_bytes() + (sent.read_bytes() if sent else b""))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return context


@contextlib.asynccontextmanager
async def served(next_hop: Any, tls: ssl.SSLContext, record: str) -> AsyncIterator[VerifiedTls]:
    """agency.example has this server, with this TLSA record."""
    hop = await next_hop(offers=OFFERS, tls=tls)
    records = {("agency.example", "MX"): "10 localhost.", (f"_{hop.port}._tcp.localhost", "TLSA"): record}
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: Zone(records, signed=True), local_addr=("127.0.0.1", 0))
    at = transport.get_extra_info("sockname")
    try:
        yield VerifiedTls(Secure(resolver=f"{at[0]}:{at[1]}", networks=HERE), "mail.city.example", 5, port=hop.port)
    finally:
        transport.close()
        await hop.stop()


async def opened(proven: VerifiedTls) -> dict[str, Any]:
    link, found = await proven.open("agency.example")
    link.close()
    return found


@pytest.mark.rule(
    "P-19",
    "An authority that the DNS names has to vouch for the server in the handshake; its certificate alone proves nothing "
    "(DANE-TA, RFC 7672).",
)
@pytest.mark.parametrize("form", ["2 0 1", "2 1 1", "2 1 2", "2 0 0"])
@pytest.mark.parametrize("honest", [True, False])
def test_an_authority_that_the_dns_names_has_to_vouch_for_the_server(
    next_hop: Any, authority: Authority, tmp_path: Path, form: str, honest: bool
) -> None:
    """Whoever merely sends its certificate along has not got its signature. In full it may stand in the record alone."""
    named = der(authority.certificate)
    _, selector, kind = form.split()
    content = key_of(named) if selector == "1" else named
    data = {"0": content, "1": hashlib.sha256(content).digest(), "2": hashlib.sha512(content).digest()}[kind]
    issuer = authority if honest else Authority(tmp_path / "stranger")
    tls = server(issuer, "localhost", None if kind == "0" and honest else authority.certificate)

    async def story() -> None:
        async with served(next_hop, tls, f"{form} {data.hex()}") as proven:
            if honest:
                found = await opened(proven)
                assert (found["how"], found["name"], found["names"]) == ("dane", "localhost", ["localhost"])
            else:
                with pytest.raises(Unverified, match="not good"):
                    await opened(proven)

    asyncio.run(story())


@pytest.mark.rule("P-19", "And for a name of the server, or of the domain that it serves.")
@pytest.mark.parametrize(("name", "proves"), [("agency.example", True), ("*.example", True), ("other.test", False)])
def test_an_authority_vouches_for_a_name(next_hop: Any, authority: Authority, name: str, proves: bool) -> None:
    """Of the server, or of the domain that it serves."""
    record = f"2 0 1 {hashlib.sha256(der(authority.certificate)).hexdigest()}"
    tls = server(authority, name, authority.certificate)

    async def story() -> None:
        async with served(next_hop, tls, record) as proven:
            if proves:
                assert (await opened(proven))["names"] == [name]
            else:
                with pytest.raises(Unverified, match="another name"):
                    await opened(proven)

    asyncio.run(story())


def test_which_certificates_records_name(authority: Authority) -> None:
    """The server's own is no authority; what cannot be read is named by nobody; usages of the web say nothing here."""
    leaf, above = der(authority.issue("mx.agency.example")[0]), der(authority.certificate)

    def of(usage: int, content: bytes) -> Tlsa:
        return Tlsa(usage, 0, 1, hashlib.sha256(content).digest())

    assert dane.anchors([of(2, above)], [leaf, above]) == [above] and dane.anchors([of(2, above)], [leaf]) == []
    assert dane.anchors([of(2, leaf), Tlsa(2, 0, 0, leaf), Tlsa(2, 0, 0, b"no certificate")], [leaf, above]) == []
    assert dane.names_key([of(3, leaf)], leaf) and not dane.names_key([of(2, leaf), of(3, above)], leaf)
    assert not dane.names_key([Tlsa(3, 1, 0, b"")], b"no certificate")
    usable = [Tlsa(u, s, k, b"").is_usable for u, s, k in ((0, 0, 1), (1, 1, 1), (2, 2, 1), (3, 1, 3), (2, 0, 2), (3, 1, 1))]
    assert usable == [False, False, False, False, True, True]


def test_a_star_stands_for_one_label() -> None:
    wanted = ("mx.agency.example", "agency.example")
    assert dane.is_for(["MX.Agency.Example."], wanted) and dane.is_for(["*.agency.example"], wanted)
    others = ("*.*", "*", "", "x.mx.agency.example", "*.mx.agency.example", "mx.*.example")
    assert not any(dane.is_for([name], wanted) for name in others)
