"""Detect mail that a mailbox rule forwarded, by its header and return address. Pure.

A person who forwards writes a new message from their own address; ownaccounts.py checks that. A person who redirects adds Resent
fields and uses their own return address (RFC 5322 3.6.6).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

RULES = ("x-forwarded-for", "x-forwarded-to", "x-sieve-redirected-from", "x-ms-exchange-inbox-rules-loop")
"""Fields of Google, Pigeonhole (Dovecot) and Exchange with an address; web forms copy an HTTP field of the same name with an IP
address."""
RESENT = ("resent-from", "resent-sender", "resent-to", "resent-date", "resent-message-id")
"""Fields of redirected mail (RFC 5322 3.6.6)."""
LAIN = ("delivered-to", "x-original-to", "x-delivered-to", "envelope-to")
"""Fields that delivery to a mailbox adds. A message written there and sent has none."""
_BY = ("x-sieve-redirected-from", "x-forwarded-for", "resent-from", *LAIN)
"""Fields that name the forwarding mailbox, the most reliable first."""
_ADDRESSES = re.compile(r"[^\s<>,;:()\"]+@[^\s<>,;:()\"]+")
_SRS = re.compile(r"SRS[01][=+-]", re.IGNORECASE)


def marks(fields: Mapping[str, str], authors: Collection[str], sender: str, domains: Collection[str]) -> tuple[str, ...]:
    """Why a message appears to be forwarded; empty when it does not. fields: lower-case name to first value; authors: addresses of
    From; sender: return address; domains: the city's. For outgoing mail; for incoming mail only field_marks() counts."""
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
    """What the header itself says about forwarding (RFC 3834, RFC 2156 5.3.4, and vendor fields)."""
    names = [name for name in RULES if "@" in fields.get(name, "")] + [name for name in RESENT if name in fields]
    if word(fields, "auto-submitted") == "auto-forwarded":
        names.append("auto-submitted")
    if "true" in (word(fields, "autoforwarded"), word(fields, "x-ms-exchange-organization-autoforwarded")):
        names.append("autoforwarded")
    if "mailbox rules agent" in fields.get("x-ms-exchange-generated-message-source", "").lower():
        names.append("exchange-rule")
    return tuple(names)


def mailbox(fields: Mapping[str, str], domains: Collection[str], received: Collection[str] = ()) -> str:
    """The city mailbox whose rule forwarded it, by the topmost field that says so; "" for none. received: addresses from `for`
    clauses, used when no other field names it."""
    named = (address.lower() for name in _BY for address in _ADDRESSES.findall(fields.get(name, "")))
    return next((address for address in (*named, *received) if _domain(address) in domains), "")


def is_rewritten(sender: str) -> bool:
    """Whether a forwarder rewrote the return address (SRS), so that it is nobody's mailbox."""
    return bool(_SRS.match(sender))


def _is_by_hand(fields: Mapping[str, str], names: Collection[str], sender: str, domains: Collection[str]) -> bool:
    """Whether a person of the city redirected it: only Resent fields say so, and they name the return address. A rule keeps the
    stranger's return address, or says that it is a rule."""
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
