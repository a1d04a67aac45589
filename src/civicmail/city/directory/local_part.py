"""Rules for addresses that the city may assign: characters, domain, and reserved role names (L3, P-08). Pure."""

from __future__ import annotations

import re
from collections.abc import Collection

from civicmail.city.directory.errors import field_error

_LOCAL = re.compile(r"[a-z0-9](?:[a-z0-9_'-]|\.(?=[a-z0-9]))*", re.ASCII)
"""Local parts that we give: no plus, which is the holder's own affair, and nothing that needs quotes (RFC 5321, 4.1.2)."""

RESERVED = frozenset(
    {
        *("abuse", "hostmaster", "mailer-daemon", "no-reply", "noc", "noreply", "postmaster", "records", "report", "root"),
        *("security", "webmaster"),
    }
)
"""Role names (RFC 2142, and the lists of every city) that no person gets."""


def checked(address: str, domains: Collection[str], *, personal: bool = False, field: str = "address") -> str:
    """The address in lower case. domains: of the city. Raises Unusable."""
    plain = address.strip().lower()
    local, at, domain = plain.rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or len(plain) > 254 or len(local) > 64:
        raise field_error(field, "An address is like first.last@city.example: letters without accents, digits, dots and dashes.")
    if domain not in domains:
        raise field_error(field, f"The domain must be one of the city's: {', '.join(sorted(domains))}.")
    if personal and local in RESERVED:
        raise field_error(field, f"{local}@ is the name of a role and nobody's own address.")
    return plain
