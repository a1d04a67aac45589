"""Which addresses a listener accepts at MAIL and RCPT, before any content: an outside listener never relays (P-03, P-06).

Pure. Replies name the rule and never repeat an address. The directory decides which mailboxes exist; until an installation has one,
every local part of our domains is accepted, except one that could mean a second hop.
"""

from __future__ import annotations

from civicmail.core.wire import replies
from civicmail.core.wire.paths import Path

RELAYING = "550 5.7.1 Relaying is refused"
NO_DOMAIN = "553 5.1.3 The address needs a domain"
HIDDEN_ROUTE = "550 5.7.1 Routing by %, ! or @ inside the local part is refused"
SENDER_DOMAIN = "553 5.1.7 The sender needs a domain"

_ALWAYS = frozenset({"postmaster", "abuse"})
_ROUTING = frozenset("%!@")


def sender_reply(kind: str, path: Path) -> str:
    """The answer to MAIL. kind: of the listener; devices behind a relay may leave the domain of a sender away."""
    if kind == "mx" and path.local and not path.domain:
        return SENDER_DOMAIN
    return replies.SENDER_OK


def recipient_reply(kind: str, path: Path, domains: frozenset[str]) -> str:
    """The answer to RCPT. domains: the city's, lower case. RFC 5321 4.5.1: postmaster always works, with and without a domain."""
    local = path.local.lower()
    if not path.domain:
        return replies.RECIPIENT_OK if local == "postmaster" else NO_DOMAIN
    if _ascii(path.domain) in domains:
        if local in _ALWAYS or not _ROUTING.intersection(local):
            return replies.RECIPIENT_OK
        return HIDDEN_ROUTE
    return RELAYING if kind == "mx" else replies.RECIPIENT_OK


def recipient_address(path: Path, domains: list[str]) -> str:
    """The address as the envelope keeps it: as the client gave it, a bare postmaster at our first domain."""
    return path.raw if path.domain else f"{path.raw}@{domains[0]}"


def _ascii(domain: str) -> str:
    """A domain of other letters in the form in which settings name it."""
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain
