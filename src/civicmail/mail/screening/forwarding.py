"""Whether a rule in a mailbox sent a message on, and not a person: what its header and its return address say. Pure.

A person who forwards writes a new message, with From of their own; that is looked at elsewhere (ownaccounts.py). One who redirects
puts Resent fields before the letter as it came, and sends it under their own return address (RFC 5322 3.6.6).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

RULES = ("x-forwarded-for", "x-forwarded-to", "x-sieve-redirected-from", "x-ms-exchange-inbox-rules-loop")
"""Google, Pigeonhole (Dovecot) and Exchange say it by a field with an address; web forms copy one of HTTP with an IP address."""
RESENT = ("resent-from", "resent-sender", "resent-to", "resent-date", "resent-message-id")
"""RFC 5322 3.6.6: what redirects without change says so."""
LAIN = ("delivered-to", "x-original-to", "x-delivered-to", "envelope-to")
"""Fields that are put in when a message comes to lie in a mailbox; what was written there and leaves has none."""
_BY = ("x-sieve-redirected-from", "x-forwarded-for", "resent-from", *LAIN)
"""Fields that say from which mailbox, the surest first."""
_ADDRESSES = re.compile(r"[^\s<>,;:()\"]+@[^\s<>,;:()\"]+")
_SRS = re.compile(r"SRS[01][=+-]", re.IGNORECASE)


def marks(fields: Mapping[str, str], authors: Collection[str], sender: str, domains: Collection[str]) -> tuple[str, ...]:
    """Why it seems to be sent on, empty when it does not. fields: name in lower case to the first value; authors: addresses of
    From; sender: return address; domains: the city's. For what leaves the city: of what comes in only said() counts."""
    names = list(field_marks(fields))
    if _is_by_hand(fields, names, sender, domains):
        return ()
    if is_rewritten(sender):
        names.append("srs")
    if any(_domain(address) in domains for name in LAIN if (address := fields.get(name, ""))):
        names.append("lay-here")
    by_us = any(_domain(author) in domains for author in (*authors, fields.get("sender", "")))  # whoever passes on an invitation
    if authors and "list-id" not in fields and not by_us:
        names.append("author-outside")
    return tuple(names)


def field_marks(fields: Mapping[str, str]) -> tuple[str, ...]:
    """What the header says itself (RFC 3834, RFC 2156 5.3.4 and the fields of those who do it)."""
    names = [name for name in RULES if "@" in fields.get(name, "")] + [name for name in RESENT if name in fields]
    if word(fields, "auto-submitted") == "auto-forwarded":
        names.append("auto-submitted")
    if "true" in (word(fields, "autoforwarded"), word(fields, "x-ms-exchange-organization-autoforwarded")):
        names.append("autoforwarded")
    if "mailbox rules agent" in fields.get("x-ms-exchange-generated-message-source", "").lower():
        names.append("exchange-rule")
    return tuple(names)


def mailbox(fields: Mapping[str, str], domains: Collection[str], received: Collection[str] = ()) -> str:
    """The mailbox of the city whose rule it was, by the topmost field of those that say so; "" where none does. received: for whom
    servers on the way took it, which says it where no other field does."""
    named = (address.lower() for name in _BY for address in _ADDRESSES.findall(fields.get(name, "")))
    return next((address for address in (*named, *received) if _domain(address) in domains), "")


def is_rewritten(sender: str) -> bool:
    """Whether a return address was rewritten by whoever forwards (SRS), and so is nobody's mailbox."""
    return bool(_SRS.match(sender))


def _is_by_hand(fields: Mapping[str, str], names: Collection[str], sender: str, domains: Collection[str]) -> bool:
    """Whether somebody of the city redirected it: only Resent fields say so, and they name the return address. A rule leaves the
    return address of the stranger, or says that it is one."""
    by = _address(fields.get("resent-from", ""))
    return bool(names) and set(names) <= set(RESENT) and bool(by) and by == sender.lower() and _domain(by) in domains


def _address(value: str) -> str:
    """The one address of a field, lower case; "" for none or several."""
    inside = value.rpartition("<")[2].partition(">")[0].strip().lower()
    return inside if inside.count("@") == 1 and value.count("@") == 1 and not set(inside) & set(" ,;") else ""


def word(fields: Mapping[str, str], name: str) -> str:
    """The first word of a field, lower case."""
    return fields.get(name, "").partition(";")[0].strip().lower()


def _domain(address: str) -> str:
    return address.rpartition("@")[2].strip(" \t>").lower()
