"""Reasons to reveal content on a technical page, and reports of accidental views (P-17, I1, I2). Pure."""

from __future__ import annotations

REASONS: dict[str, str] = {
    "delivery": "It is not delivered, and its envelope does not say why",
    "display": "Its holder asked for help with showing it",
    "attack": "It may be part of an attack on the city",
    "damage": "A part of the program may have damaged it",
}
"""Code of a reveal -> what it says."""

WHERE: dict[str, str] = {
    "screen": "While I helped somebody at their screen",
    "log": "In a log or an error report",
    "misrouted": "It was sent to me by mistake",
    "repair": "While I repaired something",
    "other": "In another way",
}
"""How somebody came to see it -> the words; no blame in any of them."""

NEXT: dict[str, str] = {
    "nothing": "I closed it and did nothing with it",
    "told": "I told its holder, or my supervisor",
    "reported": "It shows something that has to be reported",
}
"""What somebody did next."""
