"""Names of labels: levels separated by "/", without invisible characters; case and accents make no difference. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection

from civicmail.core.query.fold import tokens

MAX_LEVELS = 6
MAX_NAME = 120
"""Characters of a whole name."""
SLASH = "/"
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def clean(typed: str) -> str:
    """Normalize a name: single spaces, no empty level, nothing invisible. Empty if nothing is left."""
    plain = unicodedata.normalize("NFC", "".join(" " if c.isspace() else c for c in typed))
    seen = "".join(c for c in plain if unicodedata.category(c) not in _UNSEEN)
    levels = (" ".join(level.split()) for level in seen.split(SLASH))
    return SLASH.join(level for level in levels if level)


def key(name: str) -> str:
    """The key for comparing and sorting. A level without a letter or a digit (a picture) is compared unchanged."""
    return SLASH.join(" ".join(tokens(level)) or level for level in name.split(SLASH))


def too_deep(name: str) -> bool:
    return name.count(SLASH) >= MAX_LEVELS


def below(name: str, keys: Collection[str]) -> list[str]:
    """The keys of labels nested under this name."""
    top = key(name) + SLASH
    return [k for k in keys if k.startswith(top)]


def rename_below(name: str, old: str, new: str) -> str:
    """The new name of a label below `old`."""
    return new + name[len(old) :]
