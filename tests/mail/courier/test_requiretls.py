"""A smart host that offers REQUIRETLS promises verified TLS on the whole way; that counts where the settings say so (P-19)."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from civicmail.core.config.settings import Secure, Web
from civicmail.mail.courier import pickup_store
from mail.courier.test_secure_delivery import OFFERS, PAGES, WORDS, proof, sent, server
from neighbours.authority import Authority

REFUSED = "550 5.7.30 REQUIRETLS is needed on the whole way"


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def use(town, hop, authority: Authority, *, on: bool = True) -> None:
    town.use(outbound=str(hop), tls_ca=str(authority.certificate))
    town.settings = replace(town.settings, secure=Secure(requiretls=on), web=Web(url=PAGES))


@pytest.mark.rule("P-19", "The promise of a smart host is requested with each message, and recorded as a promise.")
def test_the_promise_is_asked_for_and_recorded_as_a_promise(town, next_hop, authority):
    """Over verified TLS to the smart host; what comes back has no content."""

    async def story():
        hop = await next_hop(offers=(*OFFERS, "DSN", "REQUIRETLS"), tls=server(authority, "smart.example"))
        use(town, hop, authority)
        found = proof(town, await sent(town))
        await hop.stop()
        assert (found["method"], found["how"], found["server"]) == ("requiretls", "promised", str(hop))
        assert set(found["not_by"]) == {"tls", "smime", "openpgp"} and WORDS in hop.messages[0].content
        (mail,) = [line for line in hop.commands if line.startswith("MAIL")]
        assert " REQUIRETLS" in mail and " RET=HDRS" in mail

    asyncio.run(story())


@pytest.mark.rule(
    "P-19",
    "Without a promise of a proven smart host that the settings believe, what is confidential waits in the portal.",
)
@pytest.mark.parametrize("why", ["not-offered", "stranger", "no-tls", "refused", "medicare", "off"])
def test_without_the_promise_it_goes_to_the_portal(town, next_hop, authority, tmp_path, why):
    """Also where whoever promises is not proven, and where the settings do not say that a promise counts."""

    async def story():
        shown = Authority(tmp_path / "stranger") if why == "stranger" else authority
        offers = {"not-offered": OFFERS, "no-tls": ("REQUIRETLS",)}.get(why, (*OFFERS, "REQUIRETLS"))
        answers = {"rcpt": REFUSED} if why == "refused" else {}
        hop = await next_hop(offers=offers, tls=server(shown, "smart.example"), answers=answers)
        use(town, hop, authority, on=why != "off")
        id_ = await sent(town, facts={"confidential.high": ("medicare",)} if why == "medicare" else {})
        await hop.stop()
        found = proof(town, id_)
        assert found["method"] == "portal" and ("requiretls" in found["not_by"]) is (why != "off")
        assert not hop.messages and pickup_store.waiting(town.data)

    asyncio.run(story())
