"""Delays after wrong secrets (P-07; SP 800-63B, 3.2.2). Pure.

Delays lock no owner out: a delay applies to one login from one network, or is soft. Other ways to sign in (passkey, provider,
session, token, device) are never delayed.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace

MINUTE = 60_000
DAY = 86_400_000
FORGET_AFTER_MS = 7 * DAY
"""ms without a failure after which those of one login count from the beginning; longer than any wait."""
ACCOUNT_FACTOR = 4
"""So many times `signin.attempts` fail for one login from networks that are new to it, or from one /24, before those wait, too."""
MAX_STRANGER_FAILURES = 80
"""Failures in a row of one login after which no password is compared any more from a network that it never came from."""
MAX_FAILURES = 100
"""The same from anywhere. The rest is for the owner's own networks, so that no stranger uses it up."""


@dataclass(frozen=True, slots=True)
class Count:
    """Failures in a row, and when the last one was (ms)."""

    failures: int = 0
    last: int = 0


@dataclass(frozen=True, slots=True)
class Limit:
    """free: failures without a wait. first: ms of the first wait; each later one is twice as long, and none longer than most.
    forget: ms without a failure after which they count from the beginning."""

    free: int
    first: int
    max_wait: int
    forget: int = FORGET_AFTER_MS


def add_failure(count: Count, limit: Limit, now: int) -> Count:
    """Add one failure. A clock that is set back shortens no delay."""
    if now - count.last >= limit.forget:
        return Count(1, now)
    return Count(count.failures + 1, max(now, count.last))


def remove_failure(count: Count) -> Count:
    """Remove a failure that was counted before the secret was compared and was right."""
    return replace(count, failures=max(0, count.failures - 1))


def wait_until(count: Count, limit: Limit) -> int:
    """ms of the moment before which nothing more is compared; 0 for at once."""
    over = count.failures - limit.free
    if over < 0:
        return 0
    return count.last + min(limit.first << min(over, 40), max(limit.first, limit.max_wait))


def is_closed(streak: int, known: bool) -> bool:
    """Whether so many consecutive failures block passwords for this login until a sign-in in another way, or an officer's release.
    known: from a network that the login has used before."""
    return streak >= (MAX_FAILURES if known else MAX_STRANGER_FAILURES)


def limits(attempts: int, per_address: int, window: int) -> dict[str, Limit]:
    """The limits of each counter: of one login from one network, from one /24, from new networks, and of a network for all logins.
    attempts, per_address, window (seconds): of [signin]."""
    pair = Limit(attempts, window * 1000, DAY)
    soft = Limit(ACCOUNT_FACTOR * attempts, MINUTE, MINUTE, window * 1000)
    network = Limit(per_address, MINUTE, MINUTE, window * 1000)
    return {
        "password": pair, "code": pair, "mail": pair, "login": Limit(ACCOUNT_FACTOR * attempts, window * 1000, DAY),
        "near": soft, "network": network, "mailnet": network,
    }  # fmt: skip


def network_of(client: str) -> str:
    """The network that counts as one place: an IPv4 address, a /64 of IPv6; "" for an invalid address."""
    address = _address(client)
    if address is None:
        return ""
    return str(address) if address.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))


def prefix_of(client: str) -> str:
    """The /24 that an address of IPv4 is in, else ""."""
    address = _address(client)
    if address is None or address.version == 6:
        return ""
    return str(ipaddress.ip_network((address, 24), strict=False))


def _address(client: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
