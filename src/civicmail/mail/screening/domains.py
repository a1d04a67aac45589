"""Domain names as they are compared: A-labels, lower case, without the dot at the end. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

import can_ada

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")


@lru_cache(maxsize=4096)
def a_labels(domain: str) -> str:
    """A domain in ASCII form (RFC 5890), lower case; "" for one that has none."""
    domain = domain.strip().lower()
    if domain.isascii():
        return domain.removesuffix(".")
    try:
        return str(can_ada.idna_encode(domain), "ascii").removesuffix(".")
    except (ValueError, UnicodeError):
        return ""


def is_within(domain: str, parent: str) -> bool:
    """Whether a domain is the other one or lies below it."""
    return domain == parent or domain.endswith("." + parent)


def is_domain(domain: str) -> bool:
    """Whether mail can be of it: at least two labels, of letters, digits, - and _ (RFC 5890 2.3.1; some sign with _)."""
    return len(domain) <= 253 and _DOMAIN.fullmatch(domain) is not None
