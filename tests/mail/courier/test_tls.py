"""TLS to next hops: opportunistic, required, off; nothing from before TLS counts (RFC 3207; CVE-2011-0411)."""

from __future__ import annotations

import asyncio
import ssl

import pytest

from neighbours.authority import Authority

OFFERS = ("PIPELINING", "STARTTLS")


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


def server(authority: Authority, name: str = "sink.example") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue(name))
    return context


def test_opportunistic_encrypts_to_anybody_and_the_attempt_says_how(town, next_hop, authority):
    async def story():
        hop = await next_hop(offers=OFFERS, tls=server(authority))
        town.use(outbound=str(hop))
        id_ = town.keep()
        async with town.courier():
            await town.ends(id_)
        await hop.stop()
        assert town.facts(id_, "attempt")[0]["tls"].startswith("TLSv1.3 TLS_")
        assert [c.split()[0] for c in hop.commands][:3] == ["EHLO", "STARTTLS", "EHLO"]

    asyncio.run(story())


def test_opportunistic_goes_on_in_plain_text_where_tls_fails(town, next_hop):
    async def story():
        hop = await next_hop(offers=OFFERS, tls=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))  # no certificate: no handshake
        town.use(outbound=str(hop))
        id_ = town.keep()
        async with town.courier():
            await town.ends(id_)
        await hop.stop()
        assert "tls" not in town.facts(id_, "attempt")[0]

    asyncio.run(story())


def test_required_means_verified(town, next_hop, authority, tmp_path):
    async def story():
        hop = await next_hop(offers=OFFERS, tls=server(authority))
        stranger = Authority(tmp_path / "stranger")
        town.use(outbound=str(hop), tls="required", tls_ca=str(stranger.certificate))
        id_ = town.keep()
        async with town.courier():
            await town.later(lambda: hop.connections > 1)
            assert town.events(id_) == []
        town.use(outbound=str(hop), tls="required", tls_ca=str(authority.certificate))
        async with town.courier():
            await town.ends(id_)
        await hop.stop()
        assert town.facts(id_, "attempt")[0]["tls"]

    asyncio.run(story())


def test_required_never_falls_back_to_plain_text(town, next_hop):
    async def story():
        hop = await next_hop(offers=("PIPELINING",))
        town.use(outbound=str(hop), tls="required")
        id_ = town.keep()
        async with town.courier():
            await town.later(lambda: hop.connections > 1)
        await hop.stop()
        assert town.events(id_) == [] and not [c for c in hop.commands if c.startswith("MAIL")]

    asyncio.run(story())


def test_off_asks_for_none(town, next_hop, authority):
    async def story():
        hop = await next_hop(offers=OFFERS, tls=server(authority))
        town.use(outbound=str(hop), tls="off")
        id_ = town.keep()
        async with town.courier():
            await town.ends(id_)
        await hop.stop()
        assert "STARTTLS" not in hop.commands

    asyncio.run(story())


def test_replies_injected_before_tls_end_the_connection(town, next_hop, authority):
    async def story():
        hop = await next_hop(offers=OFFERS, tls=server(authority), inject=b"250-evil\r\n250 XYZZY\r\n")
        town.use(outbound=str(hop), tls="required", tls_ca=str(authority.certificate))
        id_ = town.keep()
        async with town.courier():
            await town.later(lambda: hop.connections > 1)
        await hop.stop()
        assert town.events(id_) == [] and not [c for c in hop.commands if c.startswith("MAIL")]

    asyncio.run(story())
