"""Servers that strangers' zones name are reached at public addresses alone (P-19)."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from dataclasses import replace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from civicmail.core.config.settings import Secure
from civicmail.mail.courier import mta_sts
from civicmail.mail.courier.verified_tls import Unverified, VerifiedTls
from mail.courier.test_secure_delivery import HERE, OFFERS, Zone, server
from neighbours.authority import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.mark.rule(
    "P-19",
    "Names from a stranger's zone are connected to at public addresses only, and in networks of the settings.",
)
@pytest.mark.parametrize("how", ["dane", "mta-sts"])
def test_no_zone_of_a_stranger_makes_us_speak_to_our_own_machines(next_hop: Any, authority: Any, how: str) -> None:
    """What would be proven, were it not within our own network."""

    async def story() -> None:
        hop = await next_hop(offers=OFFERS, tls=server(authority, "localhost"))
        public = x509.load_pem_x509_certificate((authority.folder / "localhost.pem").read_bytes()).public_key()
        wanted = hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
        records = {("agency.example", "MX"): "10 localhost.", ("_mta-sts.agency.example", "TXT"): '"v=STSv1; id=1;"'}
        if how == "dane":
            records |= {(f"_{hop.port}._tcp.localhost", "TLSA"): f"3 1 1 {wanted}"}
        loop = asyncio.get_running_loop()
        zone = Zone(records, signed=how == "dane")
        transport, _ = await loop.create_datagram_endpoint(lambda: zone, local_addr=("127.0.0.1", 0))
        at = transport.get_extra_info("sockname")

        def fetch(_domain: str) -> str:
            return "version: STSv1\nmode: enforce\nmx: localhost\nmax_age: 86400\n"

        rules = Secure(resolver=f"{at[0]}:{at[1]}", mta_sts=True)
        proven = VerifiedTls(rules, "mail.city.example", 5, port=hop.port, ca=str(authority.certificate), fetch=fetch)
        try:
            with pytest.raises(Unverified, match="leads to no public address"):
                await proven.open("agency.example")
            link, found = await VerifiedTls(
                replace(rules, networks=HERE), "mail.city.example", 5, port=hop.port, ca=str(authority.certificate), fetch=fetch
            ).open("agency.example")
            link.close()
            assert found["how"] == how
        finally:
            transport.close()
            await hop.stop()

    asyncio.run(story())


def test_the_policy_of_a_domain_is_read_from_public_addresses_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mta-sts.domain may lead to a page of ours."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("169.254.169.254", 443))])
    with pytest.raises(OSError, match="no public address"):
        mta_sts.fetch("agency.example")
