"""Format header fields of messages that Civicmail writes. Pure.

Envelopes have addresses outside the grammar of a header (RFC 5322 3.4.1: two dots in a row, letters beyond ASCII), for which the
library raises. These functions never raise, because one odd address would stop mail to all others.
"""

from __future__ import annotations

import re
from email.headerregistry import Address

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)+)"')


def mailbox(address: str, name: str = "") -> Address:
    """The value of From or To: the address of the envelope after its name. Characters that need SMTPUTF8 become question marks; the
    envelope decides the destination."""
    local, at, domain = address.rpartition("@")
    if quoted := _QUOTED.fullmatch(local):
        local = re.sub(r"\\(.)", r"\1", quoted[1])
    return Address(one_line(name), _shown(local if at else domain), _shown(domain if at else ""))


def one_line(text: str) -> str:
    """Text for a field: without control characters and line ends, each gap one blank."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _shown(part: str) -> str:
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in part)
