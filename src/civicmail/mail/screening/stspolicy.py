"""The MTA-STS policy of the city's domains (RFC 8461), from the settings (`[mta_sts]`). Pure."""

from __future__ import annotations

import hashlib

from civicmail.core.config.settings import Settings

PATH = ".well-known/mta-sts.txt"


def text(settings: Settings) -> str:
    """The policy as served (RFC 8461 3.2); "" for none."""
    ours = settings.mta_sts
    if not ours.mode:
        return ""
    servers = [] if ours.mode == "none" else ours.servers or [settings.city.host]
    lines = ["version: STSv1", f"mode: {ours.mode}", *(f"mx: {server}" for server in servers), f"max_age: {ours.max_age}"]
    return "".join(f"{line}\r\n" for line in lines)


def id_(settings: Settings) -> str:
    """The id= for the zone (RFC 8461 3.1): it changes with the policy. "" for none."""
    policy = text(settings)
    return hashlib.sha256(policy.encode()).hexdigest()[:20] if policy else ""
