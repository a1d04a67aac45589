"""Whether a copy that must leave encrypted has any route, known before it is sent (P-19). Reads only our own files.

The portal is the last route, and counts only if its pages use TLS: a confidential message read at an http address has traveled
unencrypted, however the mail about it was sent.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from civicmail.core.config.settings import Settings
from civicmail.core.wire.hosts import is_this_machine
from civicmail.mail.courier import recipient_keys

NO_WAY = "4.3.5 no way to encrypt it: "
"""How the reply of a copy begins that waits for want of a way."""


def why_no_portal(settings: Settings) -> str:
    """Why nothing can be picked up, in a few words; empty where it can."""
    if not settings.web.url:
        return "the pick-up portal has no address (web.url)"
    for name, url in (("web.url", settings.web.url), ("secure.files_url", settings.secure.files_url)):
        if url and not _is_private(url):
            return f"the pick-up portal is not reached over https ({name})"
    return ""


def files_host(settings: Settings) -> str:
    """The host that has files of the portal and nothing else; empty where they come from the host of the pages."""
    host = (urlsplit(settings.secure.files_url).hostname or "").rstrip(".")
    return host if host != (urlsplit(settings.web.url).hostname or "").rstrip(".") else ""


def is_files_host(settings: Settings, address: str) -> bool:
    """Whether a Host field names that host; a dot at its end is the root of the DNS and the same host (RFC 3986 3.2.2)."""
    host = files_host(settings)
    return bool(host) and (urlsplit(f"//{address}").hostname or "").rstrip(".") == host


def may_leave(settings: Settings, data: Path, address: str, now: int) -> bool:
    """Whether a copy for this outside address may have a route; a server's proof is known only when it is contacted. now: ms."""
    rules, domain = settings.secure, address.rpartition("@")[2].lower()
    partner = any(p.server and p.domain.lower() == domain for p in rules.partner)
    if partner or rules.resolver or rules.mta_sts or rules.requiretls or not why_no_portal(settings):
        return True
    return not recipient_keys.problem(data, address, now) or (address.lower(), "openpgp") in recipient_keys.listed(data)


def _is_private(url: str) -> bool:
    """https, or a page that never leaves this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or is_this_machine(parts.hostname or "")
