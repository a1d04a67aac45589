"""Read the labels that Google writes into each message of an exported mbox (Takeout, Vault). Pure.

X-GM-THRID and X-Gmail-Labels come first in the message.
Only there they are Google's: a sender may have written such a field further down.
"""

from __future__ import annotations

import csv
import re

from civicmail.core.message import encoded_words

LABELS_MOST, LENGTH_MOST = 200, 1000
_ABOVE = re.compile(rb"(?:X-GM-[A-Z-]+:[^\n]*\n(?:[ \t][^\n]*\n)*){0,4}X-Gmail-Labels:([^\n]*\n(?:[ \t][^\n]*\n)*)", re.IGNORECASE)
_FLAGS = {"opened": "\\Seen", "starred": "\\Flagged", "drafts": "\\Draft"}
_STATES = frozenset({"opened", "unread", "starred"})


def labels(content: bytes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(labels, flags in the spelling of IMAP), both empty where Google wrote none. The names of states are read in English."""
    match = _ABOVE.match(content[: 64 << 10])
    if match is None:
        return (), ()
    return of(encoded_words.words(re.sub(rb"\r?\n[ \t]", b" ", match[1]).strip().decode("utf-8", "replace")))


def of(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Labels and flags from the list itself, as Takeout writes it, or as Vault does, with a ^ before Gmail's own labels."""
    try:
        names = next(csv.reader([text.replace("\n", " ")], skipinitialspace=True), [])
    except csv.Error:
        return (), ()
    named = (name.strip()[1:].capitalize() if name.strip().startswith("^") else name.strip() for name in names[:LABELS_MOST])
    clean = dict.fromkeys(name[:LENGTH_MOST] for name in named if name)
    flags = dict.fromkeys(_FLAGS[name.lower()] for name in clean if name.lower() in _FLAGS)
    return tuple(name for name in clean if name.lower() not in _STATES), tuple(flags)
