"""Format header fields of messages that Civicmail writes. Pure.

Envelopes have addresses that the grammar of a header does not know (RFC 5322 3.4.1: two dots in a row, letters beyond ASCII), and
the library raises for them. A field of ours never does: one odd address would stop whoever writes to all others.
"""

from __future__ import annotations

import re
from email.headerregistry import Address

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)+)"')


def mailbox(address: str, name: str = "") -> Address:
    """The value of From or To: an address as the envelope has it, and the name before it. What only SMTPUTF8 could show is a
    question mark; where it goes is the envelope's."""
    local, at, domain = address.rpartition("@")
    if quoted := _QUOTED.fullmatch(local):
        local = re.sub(r"\\(.)", r"\1", quoted[1])
    return Address(one_line(name), _shown(local if at else domain), _shown(domain if at else ""))


def one_line(text: str) -> str:
    """Text for a field: without control characters and line ends, each gap one blank."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _shown(part: str) -> str:
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in part)
