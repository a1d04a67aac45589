"""Check that others can read the MTA-STS policy of our pages (RFC 8461) and that it names every MX host. Its id in DNS is checked
in dns_zone."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from civicmail.front.checkup.findings import Finding, Installation
from civicmail.mail.courier import mta_sts
from civicmail.mail.courier.mta_sts import Policy
from civicmail.mail.screening import nameserver, published_records, stspolicy
from civicmail.mail.screening.resolver import Resolver, TemporaryFailure

CHECK = "mta-sts"
SECONDS = 5.0
"""Timeout for the MX records of all domains, and for each policy."""
_NONE = "The pages serve no MTA-STS policy, so others may bring mail without TLS, unless another server of the city has one."
_EVERYWHERE = ("0.0.0.0/0", "::/0")
"""Networks where our host may be: inside the city its name often resolves to a private address."""
Fetch = Callable[[str], str]


def policy(p: Installation, resolver: Resolver | None = None, fetch: Fetch | None = None) -> Iterator[Finding]:
    """Check the MTA-STS policy that we serve. resolver, fetch: replaced in tests."""
    ours = mta_sts.parse(stspolicy.text(p.settings))
    if ours is None:
        yield Finding(CHECK, "not-set-up", _NONE, "Say which servers are ours: civicmail config explain mta_sts")
        return
    real, trials = published_records.to_ask(p.settings)
    if not real:
        yield Finding(CHECK, "not-set-up", published_records.on_trial(trials))
        return
    findings = [*_unnamed(ours, resolver or nameserver.open_(p.settings), real), *_unread(ours, fetch or _fetched, real)]
    yield from findings
    if not findings:
        yield Finding(CHECK, "ok", f"The policy ({ours.mode}) is read at mta-sts.{real[0]}, and names the servers of MX.")


def _unnamed(ours: Policy, resolver: Resolver, domains: list[str]) -> Iterator[Finding]:
    """Servers of MX that the policy does not name: others do not bring mail there where it is enforced."""
    if ours.mode == "none":
        return
    for domain, servers in zip(domains, asyncio.run(_servers(resolver, domains)), strict=True):
        if servers is None:
            yield Finding(
                CHECK, "warning", f"The DNS could not be asked for MX of {domain}, so nobody compared it with the policy."
            )
        elif not servers:
            yield Finding(CHECK, "warning", f"The DNS has no MX of {domain}.", "Name there the servers that mta_sts.servers names.")
        for server in servers or []:
            if not ours.names(server):
                text = (
                    f"{server} is in MX of {domain}, and the MTA-STS policy does not name it: mail that others bring fails there."
                )
                do = "Add it to mta_sts.servers, then put the new id into the zone (civicmail dns check)."
                yield Finding(CHECK, "problem" if ours.mode == "enforce" else "warning", text, do)


async def _servers(resolver: Resolver, domains: list[str]) -> list[list[str] | None]:
    async def of(domain: str) -> list[str] | None:
        try:
            async with asyncio.timeout(SECONDS):
                answer = await resolver.ask(domain, "MX")
        except (TemporaryFailure, TimeoutError):
            return None
        return [name for value in answer.values if (name := value.split()[-1].lower().rstrip("."))]

    return list(await asyncio.gather(*(of(domain) for domain in domains)))


def _unread(ours: Policy, fetch: Fetch, domains: list[str]) -> Iterator[Finding]:
    def of(domain: str) -> str:
        """Why others do not read it; empty where they do."""
        try:
            return "" if mta_sts.parse(fetch(domain)) == ours else "another policy stands there"
        except (OSError, http.client.HTTPException, ValueError) as error:
            return str(error) or type(error).__name__

    with ThreadPoolExecutor(8) as pool:
        for domain, why in zip(domains, pool.map(of, domains), strict=True):
            if why:
                text = f"Others do not read our MTA-STS policy at https://mta-sts.{domain}/{stspolicy.PATH}: {why}."
                do = f"Let mta-sts.{domain} lead to the pages, with a certificate for that name."
                yield Finding(CHECK, "problem", text, do)


def _fetched(domain: str) -> str:
    return mta_sts.fetch(domain, inside=_EVERYWHERE, seconds=SECONDS)
