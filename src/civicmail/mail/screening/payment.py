"""Whether a text asks for money or for a different bank account, in English or Spanish (P-25, P-26). From a first-time sender this
is the most common fraud on cities, but no proof: most bills are honest. Pure."""

from __future__ import annotations

import re

_PHRASES = (
    rb"wire transfer|(?:bank|banking|payment|remittance|deposit) (?:details|information|instructions|account)|account number",
    rb"routing number|iban|swift code|direct deposit|gift ?cards?|past due|overdue (?:invoice|payment|balance)",
    rb"(?:unpaid|outstanding|attached|pay(?:ing)? (?:the|this|our|my)) (?:invoice|balance|bill)",
    rb"invoice (?:is|was|no|number|due|#)|remit (?:payment|to)|bitcoin|zelle|cash ?app|venmo|western union",
    rb"ach (?:payment|transfer)",
    rb"transferencia bancaria|datos bancarios|cuenta bancaria|tarjetas? de regalo|factura (?:vencida|adjunta|pendiente)",
)
_ASKS = re.compile(rb"\b(?:" + b"|".join(_PHRASES) + rb")(?![a-z])", re.IGNORECASE)
READ = 200_000
"""Bytes of a text that are searched."""


def asks_for_money(content: bytes) -> bool:
    """content: decoded bytes of a text part."""
    return _ASKS.search(content, 0, READ) is not None
