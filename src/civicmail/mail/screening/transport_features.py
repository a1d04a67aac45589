"""Spam features of how a message arrived, as names: only what our listener saw and verified, never what a message claims. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from functools import lru_cache

from civicmail.city.policy.dispositions import Facts
from civicmail.core.message.model import Envelope

MAX_LIST, MAX_SIGNED = 200, 4
AUTH = ("auth.spf", "auth.dkim", "auth.dmarc", "auth.arc")


def extract(envelope: Envelope, facts: Facts, list_id: str = "", *, inbound: bool) -> list[str]:
    """The feature names; none for mail of our own people. facts: from the authentication checks. list_id: what the message claims;
    it counts only with the client or signature that brought it, because anybody can name a list."""
    return [*_of(envelope, facts), *_list(list_id, envelope.client, facts)] if inbound else []


def _list(list_id: str, client: str, facts: Facts) -> Iterator[str]:
    name = list_id.lower()[:MAX_LIST]
    if not name:
        return
    signed = facts.get("auth.dkim_domains", ())
    for by in signed[:MAX_SIGNED] if isinstance(signed, tuple) else ():
        yield f"list={name} signed={by}"
    yield from (f"list={name} {net}" for net in _client(client)[:1])


def _of(envelope: Envelope, facts: Facts) -> Iterator[str]:
    for fact in AUTH:
        value = facts.get(fact, "none")
        yield f"{fact}={value}"
    yield f"tls={bool(envelope.tls)}"
    yield f"protocol={envelope.protocol}"
    yield f"return={'null' if not envelope.sender else 'address'}"
    yield from _client(envelope.client)
    yield from _helo(envelope.helo.lower().rstrip("."))


@lru_cache(maxsize=4096)
def _client(client: str) -> tuple[str, ...]:
    """The networks of the client: /24 and /16, or /48 and /32."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return ()
    widths = (24, 16) if address.version == 4 else (48, 32)
    return tuple(f"net={ipaddress.ip_network((address, bits), strict=False)}" for bits in widths)


def _helo(helo: str) -> Iterator[str]:
    labels = helo.split(".")
    if helo.startswith("["):
        yield "helo=address"
    elif len(labels) == 1:
        yield "helo=bare"
    else:
        yield f"helo=.{labels[-1][:12]}"
        yield f"helo={'.'.join(labels[-2:])[:60]}"
        if any(label.isdigit() or "-" in label for label in labels[:-2]):
            yield "helo=numbered"
