"""Check the DNS records of the city's domains: DKIM, SPF, DMARC, MTA-STS and TLS-RPT (P-26)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from civicmail.core.config.errors import CivicmailError
from civicmail.front.checkup.findings import HOUR, Finding, Installation
from civicmail.mail.courier import dkimkeys
from civicmail.mail.courier.dkimkeys import Key
from civicmail.mail.screening import nameserver, published_records, stspolicy
from civicmail.mail.screening.published_records import RecordCheck
from civicmail.mail.screening.resolver import Resolver, TemporaryFailure

CHECK = "zone"
DAY = 24 * HOUR
SECONDS = 8.0
"""For all records together."""
MAX_KEY_AGE_DAYS = 400
"""Days after which a new key is suggested."""


def zone(p: Installation, resolver: Resolver | None = None) -> Iterator[Finding]:
    """Whether the zones have our keys and records. resolver: else the installation's own."""
    real, trials = published_records.to_ask(p.settings)
    if not real:
        todo = "Name the city's own domains: civicmail config explain city.domains"
        yield Finding(CHECK, "not-set-up", published_records.on_trial(trials), todo)
        return
    try:
        keys = [key for key in dkimkeys.listed(p.data) if key.state == "active"]
    except CivicmailError as error:
        yield Finding(CHECK, "problem", str(error), "Until then mail that should be signed waits.")
        return
    try:
        looks, unpublished = asyncio.run(_query(resolver or nameserver.open_(p.settings), real, keys, stspolicy.id_(p.settings)))
    except TimeoutError:
        yield Finding(CHECK, "warning", "The DNS did not answer in time, so the records of the zone could not be looked at.")
        return
    yield from _keys(keys, unpublished, p.now)
    for look in looks:
        if look.state != "good":
            yield Finding(CHECK, "warning", look.text, f"In the zone could be: {look.should}" if look.should else "")
    if good := [look for look in looks if look.state == "good"]:
        yield Finding(CHECK, "ok", f"{len(good)} of {len(looks)} records of SPF, DMARC, MTA-STS and TLS-RPT are as they should be.")


def _keys(keys: list[Key], unpublished: list[Key], now: int) -> Iterator[Finding]:
    if not keys:
        text = "No key signs what leaves the city, so others cannot tell that it is ours."
        yield Finding(CHECK, "not-set-up", text, "civicmail dkim new DOMAIN")
    for key in unpublished:
        text = f"The DNS does not have the key {key.name} that mail is signed with, so its signatures do not hold."
        yield Finding(CHECK, "problem", text, f'In the zone should be: {key.name} TXT "{key.record}"')
    for key in keys:
        if (days := (now - key.since) // DAY) > MAX_KEY_AGE_DAYS:
            text = f"The key {key.name} has signed for {days} days."
            yield Finding(CHECK, "warning", text, f"Make a new one before it is a year and a half: civicmail dkim new {key.domain}")
    if keys and not unpublished:
        yield Finding(CHECK, "ok", f"The DNS has what mail is signed with: {', '.join(key.name for key in keys)}.")


async def _query(resolver: Resolver, domains: list[str], keys: list[Key], policy: str) -> tuple[list[RecordCheck], list[Key]]:
    async with asyncio.timeout(SECONDS):
        asking = (published_records.check_records(resolver, domain, policy) for domain in domains)
        looks = [look for each in await asyncio.gather(*asking) for look in each]
        present = await asyncio.gather(*(_is_there(resolver, key) for key in keys))
    return looks, [key for key, is_there in zip(keys, present, strict=True) if not is_there]


async def _is_there(resolver: Resolver, key: Key) -> bool:
    """True also when DNS does not answer now."""
    try:
        return dkimkeys.is_published(key, await resolver.ask(key.name, "TXT"))
    except TemporaryFailure:
        return True
