"""What the city's domains say about the TLS of their servers (MTA-STS, RFC 8461), as the settings name it (`[mta_sts]`). Pure."""

from __future__ import annotations

import hashlib

from civicmail.core.config.settings import Settings

PATH = ".well-known/mta-sts.txt"


def text(settings: Settings) -> str:
    """The policy as it is served (RFC 8461 3.2); empty where none is."""
    ours = settings.mta_sts
    if not ours.mode:
        return ""
    servers = [] if ours.mode == "none" else ours.servers or [settings.city.host]
    lines = ["version: STSv1", f"mode: {ours.mode}", *(f"mx: {server}" for server in servers), f"max_age: {ours.max_age}"]
    return "".join(f"{line}\r\n" for line in lines)


def id_(settings: Settings) -> str:
    """What stands in the zone as id= (RFC 8461 3.1): another one for each other policy, so that a change is never without it. Empty
    where none is served."""
    policy = text(settings)
    return hashlib.sha256(policy.encode()).hexdigest()[:20] if policy else ""
